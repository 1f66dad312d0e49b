/** The share dialog: people, links, and whether all may see the project. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { Link, LinkRequest, Member } from '../api/types.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { exactTime } from '../ui/time.ts';
import type { ShareModel, Shared } from './share.ts';

interface ShareProps {
  model: ShareModel;
  trans: Texts;
  /** A page's address as it is sent to others. */
  addressOf(page: string): string;
}

/** The dialog's body. */
export class ShareForm extends ReactWidget {
  private readonly _props: ShareProps;

  constructor(props: ShareProps) {
    super();
    this._props = props;
    this.addClass('tengen-Share');
  }

  protected render(): React.ReactElement {
    return <Content {...this._props} />;
  }
}

function Content(props: ShareProps): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  const fieldset = useKeptFocus(model.busy);
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return <p role="status">{trans.__('Loading who has access…')}</p>;
    case 'error':
      return (
        <div role="alert">
          <p>{failureText(state.error, trans)}</p>
          <button className="jp-mod-styled" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'full':
      return (
        <fieldset ref={fieldset} disabled={model.busy}>
          <Refused {...props} />
          <NotSeen {...props} shared={state.shared} />
          <People {...props} shared={state.shared} />
          <Links {...props} shared={state.shared} />
          <Public {...props} shared={state.shared} />
        </fieldset>
      );
  }
}

/** Gives the focus back that is lost while the fields are off: keys would go to nobody. */
function useKeptFocus(off: boolean): React.RefObject<HTMLFieldSetElement> {
  const fields = React.useRef<HTMLFieldSetElement>(null);
  const held = React.useRef<Element | null>(null);
  if (off && fields.current?.contains(document.activeElement)) {
    held.current = document.activeElement;
  }
  React.useEffect(() => {
    if (!off && held.current && document.activeElement === document.body) {
      const back = held.current.isConnected
        ? held.current
        : fields.current?.querySelector('button');
      (back as HTMLElement | null | undefined)?.focus();
    }
    held.current = off ? held.current : null;
  }, [off]);
  return fields;
}

function Refused({ model, trans }: ShareProps): React.ReactElement | null {
  const { failure, objection } = model;
  if (objection) {
    return (
      <div role="alert" className="tengen-Share-refused">
        <p>{failureText(objection.reason, trans)}</p>
        <button className="jp-mod-styled jp-mod-warn" onClick={() => void objection.insist()}>
          {trans.__('Share it all the same')}
        </button>
      </div>
    );
  }
  return failure === null ? null : (
    <p role="alert" className="tengen-Share-refused">
      {failureText(failure, trans)}
    </p>
  );
}

/** That others see an earlier version, why, and what to do. */
function NotSeen({
  model,
  trans,
  shared
}: ShareProps & { shared: Shared }): React.ReactElement | null {
  const { heldBack } = shared;
  if (!heldBack || model.objection) {
    return null;
  }
  const { newest, suspects, seen } = heldBack;
  return (
    <div className="tengen-Share-refused">
      <p>
        {seen === null
          ? trans.__('Others see no version yet: there may be a secret in %1.', suspects.join(', '))
          : trans.__(
              'Others see version %1: in a newer one there may be a secret in %2.',
              seen,
              suspects.join(', ')
            )}{' '}
        {trans.__('Take it out and save a version, or, if it is none:')}
      </p>
      <button className="jp-mod-styled" onClick={() => void model.clear(newest)}>
        {trans.__('Show version %1 to everybody', newest)}
      </button>
    </div>
  );
}

function roleName(role: Member['role'], trans: Texts): string {
  switch (role) {
    case 'viewer':
      return trans.__('viewer');
    case 'editor':
      return trans.__('editor');
    case 'owner':
      return trans.__('owner');
  }
}

const ROLES: readonly Member['role'][] = ['viewer', 'editor', 'owner'];

function People({ model, trans, shared }: ShareProps & { shared: Shared }): React.ReactElement {
  const [name, setName] = React.useState('');
  const [role, setRole] = React.useState<Member['role']>('viewer');
  const options = ROLES.map(value => (
    <option key={value} value={value}>
      {roleName(value, trans)}
    </option>
  ));
  return (
    <section>
      <h3>{trans.__('People')}</h3>
      <ul>
        {shared.members.map(member => (
          <li key={member.id}>
            <span>{member.name}</span>
            {member.since === null ? (
              <span>{roleName(member.role, trans)}</span>
            ) : (
              <>
                <select
                  aria-label={trans.__('Role of %1', member.name)}
                  value={member.role}
                  onChange={event =>
                    void model.change(member.id, event.currentTarget.value as Member['role'])
                  }
                >
                  {options}
                </select>
                <button onClick={() => void model.remove(member.id)}>{trans.__('Remove')}</button>
              </>
            )}
          </li>
        ))}
      </ul>
      <form
        onSubmit={event => {
          event.preventDefault();
          void model.add(name, role).then(() => setName(''));
        }}
      >
        <input
          className="jp-mod-styled"
          placeholder={trans.__('Name of an invited person')}
          aria-label={trans.__('Name of an invited person')}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <select
          aria-label={trans.__('Role')}
          value={role}
          onChange={event => setRole(event.currentTarget.value as Member['role'])}
        >
          {options}
        </select>
        <button className="jp-mod-styled" disabled={!name.trim()}>
          {trans.__('Add')}
        </button>
      </form>
    </section>
  );
}

function permissionName(permission: Link['permission'], trans: Texts): string {
  switch (permission) {
    case 'view':
      return trans.__('can view');
    case 'fork':
      return trans.__('can fork');
    case 'edit':
      return trans.__('can edit');
  }
}

function Links(props: ShareProps & { shared: Shared }): React.ReactElement {
  const { model, trans, shared, addressOf } = props;
  const { made } = model;
  return (
    <section>
      <h3>{trans.__('Links')}</h3>
      {made && (
        <div className="tengen-Share-made" role="status">
          <p>{trans.__('Copy the link now: it is shown only this once.')}</p>
          <input
            readOnly
            className="jp-mod-styled"
            aria-label={trans.__('Link')}
            value={addressOf(made.address)}
            onFocus={event => event.currentTarget.select()}
          />
          <button
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void navigator.clipboard.writeText(addressOf(made.address))}
          >
            {trans.__('Copy')}
          </button>
        </div>
      )}
      <ul>
        {shared.links.map(link => (
          <li key={link.id} data-state={link.state}>
            <span>{permissionName(link.permission, trans)}</span>
            <span>{link.note}</span>
            <small>{linkFacts(link, trans)}</small>
            {link.state === 'open' && (
              <button onClick={() => void model.revoke(link.id)}>{trans.__('Revoke')}</button>
            )}
          </li>
        ))}
      </ul>
      <NewLinkForm {...props} />
    </section>
  );
}

function linkFacts(link: Link, trans: Texts): string {
  const states = {
    open: link.expires
      ? trans.__('until %1', exactTime(link.expires))
      : trans.__('until it is revoked'),
    revoked: trans.__('revoked'),
    expired: trans.__('expired'),
    used: trans.__('used up')
  };
  const uses = link.most_uses === null ? link.uses : `${link.uses}/${link.most_uses}`;
  const password = link.has_password ? trans.__('with a password') : '';
  return [states[link.state], trans.__('%1 uses', uses), password].filter(Boolean).join(' · ');
}

function NewLinkForm({ model, trans }: ShareProps): React.ReactElement {
  const [value, setValue] = React.useState<LinkRequest>({ permission: 'view', days: 7 });
  const permissions: readonly Link['permission'][] = ['view', 'fork', 'edit'];
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void model.make(value);
      }}
    >
      <select
        aria-label={trans.__('What the link allows')}
        value={value.permission}
        onChange={event =>
          setValue({ ...value, permission: event.currentTarget.value as Link['permission'] })
        }
      >
        {permissions.map(permission => (
          <option key={permission} value={permission}>
            {permissionName(permission, trans)}
          </option>
        ))}
      </select>
      <select
        aria-label={trans.__('How long the link works')}
        value={value.days ?? ''}
        onChange={event => {
          const days = event.currentTarget.value;
          setValue({ ...value, days: days ? Number(days) : null });
        }}
      >
        <option value="1">{trans.__('for a day')}</option>
        <option value="7">{trans.__('for a week')}</option>
        <option value="30">{trans.__('for 30 days')}</option>
        <option value="">{trans.__('until it is revoked')}</option>
      </select>
      <input
        type="password"
        className="jp-mod-styled"
        autoComplete="new-password"
        placeholder={trans.__('Password, if any')}
        aria-label={trans.__('Password, if any')}
        onChange={event => setValue({ ...value, password: event.currentTarget.value || null })}
      />
      <button className="jp-mod-styled">{trans.__('New link')}</button>
    </form>
  );
}

function Public(props: ShareProps & { shared: Shared }): React.ReactElement {
  const { model, trans, shared, addressOf } = props;
  const { publication } = shared;
  return (
    <section>
      <h3>{trans.__('Public')}</h3>
      <label>
        <input
          type="checkbox"
          checked={publication.public}
          onChange={event => void model.publish({ public: event.currentTarget.checked })}
        />
        {trans.__('In the gallery: everybody who reaches this server may see and fork it')}
      </label>
      {publication.public && (
        <p>
          <a href={addressOf(publication.page)} target="_blank" rel="noopener noreferrer">
            {trans.__('Open its page')}
          </a>
        </p>
      )}
    </section>
  );
}
