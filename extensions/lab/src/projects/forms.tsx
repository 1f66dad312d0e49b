/** The forms in dialogs: a new project, and where to import one from. */

import { type Dialog, ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { ProjectRequest, Template } from '../api/types.ts';
import type { Texts } from '../ui/signals.ts';
import { inLanguage } from '../ui/text.ts';

/** What the new project starts from. */
export interface NewProjectChoice {
  templates: readonly Template[];
  template: string | null;
  directory: string;
  language: string;
}

/** Asks for a name, a description and what to start from. */
export class NewProjectForm extends ReactWidget implements Dialog.IBodyWidget<ProjectRequest> {
  private readonly _choice: NewProjectChoice;
  private readonly _trans: Texts;
  private readonly _value: ProjectRequest;

  constructor(choice: NewProjectChoice, trans: Texts) {
    super();
    this._choice = choice;
    this._trans = trans;
    this._value = { name: '', directory: choice.directory, template: choice.template };
    this.addClass('tengen-Form');
  }

  /** What was filled in. */
  getValue(): ProjectRequest {
    return this._value;
  }

  protected render(): React.ReactElement {
    const trans = this._trans;
    const { templates, template, directory, language } = this._choice;
    return (
      <>
        <label>
          {trans.__('Name')}
          <input
            className="jp-mod-styled"
            autoFocus
            onChange={event => (this._value.name = event.currentTarget.value)}
          />
        </label>
        <label>
          {trans.__('Description')}
          <input
            className="jp-mod-styled"
            onChange={event => (this._value.description = event.currentTarget.value)}
          />
        </label>
        <label>
          {trans.__('Start from')}
          <select
            className="jp-mod-styled"
            defaultValue={template ?? ''}
            onChange={event => (this._value.template = event.currentTarget.value || null)}
          >
            <option value="">{trans.__('an empty folder')}</option>
            {templates.map(({ slug, title }) => (
              <option key={slug} value={slug}>
                {inLanguage(title, language)}
              </option>
            ))}
          </select>
        </label>
        <p>{trans.__('Its folder is made in: %1', directory || '/')}</p>
      </>
    );
  }
}

/** Where to import from. */
export type ImportChoice =
  | { kind: 'archive'; file: File | null; name: string }
  | { kind: 'git'; address: string; name: string }
  | { kind: 'folder'; folder: string; name: string };

/** Asks for an archive, a git address, or a folder that is there already. */
export class ImportForm extends ReactWidget implements Dialog.IBodyWidget<ImportChoice> {
  private readonly _trans: Texts;
  private readonly _folder: string;
  private _value: ImportChoice;

  constructor(folder: string, trans: Texts) {
    super();
    this._trans = trans;
    this._folder = folder;
    this._value = { kind: 'archive', file: null, name: '' };
    this.addClass('tengen-Form');
  }

  /** What was filled in. */
  getValue(): ImportChoice {
    return this._value;
  }

  protected render(): React.ReactElement {
    const trans = this._trans;
    const value = this._value;
    const set = (next: ImportChoice): void => {
      this._value = next;
      this.update();
    };
    const { name } = value;
    const choices: [ImportChoice, string][] = [
      [{ kind: 'archive', file: null, name }, trans.__('a zip archive')],
      [{ kind: 'git', address: '', name }, trans.__('a git repository')],
      [{ kind: 'folder', folder: this._folder, name }, trans.__('a folder that is here already')]
    ];
    return (
      <>
        <fieldset>
          <legend>{trans.__('Import from')}</legend>
          {choices.map(([choice, label]) => (
            <label key={choice.kind}>
              <input
                type="radio"
                name="tengen-import"
                checked={value.kind === choice.kind}
                onChange={() => set(choice)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        {value.kind === 'archive' && (
          <input
            type="file"
            accept=".zip,application/zip"
            aria-label={trans.__('a zip archive')}
            onChange={event => set({ ...value, file: event.currentTarget.files?.[0] ?? null })}
          />
        )}
        {value.kind === 'git' && (
          <label>
            {trans.__('Address')}
            <input
              className="jp-mod-styled"
              placeholder="https://"
              value={value.address}
              onChange={event => set({ ...value, address: event.currentTarget.value })}
            />
          </label>
        )}
        {value.kind === 'folder' && (
          <label>
            {trans.__('Folder')}
            <input
              className="jp-mod-styled"
              value={value.folder}
              onChange={event => set({ ...value, folder: event.currentTarget.value })}
            />
          </label>
        )}
        <label>
          {trans.__('Name')}
          <input
            className="jp-mod-styled"
            value={name}
            onChange={event => set({ ...value, name: event.currentTarget.value })}
          />
        </label>
      </>
    );
  }
}

/** Name, description, tags and licence of a project. */
export interface Facts {
  name: string;
  description: string;
  tags: string[];
  licence: string;
}

/** Asks for a project's facts. */
export class FactsForm extends ReactWidget implements Dialog.IBodyWidget<Facts> {
  private readonly _trans: Texts;
  private _value: Facts;

  constructor(facts: Facts, trans: Texts) {
    super();
    this._trans = trans;
    this._value = facts;
    this.addClass('tengen-Form');
  }

  /** What was filled in. */
  getValue(): Facts {
    return this._value;
  }

  protected render(): React.ReactElement {
    const trans = this._trans;
    const facts = this._value;
    const set = (change: Partial<Facts>): void => {
      this._value = { ...this._value, ...change };
    };
    const words = (text: string): string[] =>
      text
        .split(',')
        .map(word => word.trim())
        .filter(Boolean);
    const fields: [string, string, (text: string) => void][] = [
      [trans.__('Name'), facts.name, text => set({ name: text })],
      [trans.__('Description'), facts.description, text => set({ description: text })],
      [
        trans.__('Tags, with commas between'),
        facts.tags.join(', '),
        text => set({ tags: words(text) })
      ],
      [trans.__('Licence'), facts.licence, text => set({ licence: text })]
    ];
    return (
      <>
        {fields.map(([label, value, change]) => (
          <label key={label}>
            {label}
            <input
              className="jp-mod-styled"
              defaultValue={value}
              onChange={event => change(event.currentTarget.value)}
            />
          </label>
        ))}
      </>
    );
  }
}
