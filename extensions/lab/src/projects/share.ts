/** The share dialog's state: who has a role, which links there are, whether all may see it. */

import { type ISignal, Signal } from '@lumino/signaling';
import { RequestError } from '../api/refusal.ts';
import type {
  Link,
  LinkRequest,
  Member,
  NewLink,
  Publication,
  PublicationRequest,
  Version
} from '../api/types.ts';

/** What the dialog asks of the outside, for one project. */
export interface ShareSource {
  members(): Promise<Member[]>;
  links(): Promise<Link[]>;
  publication(): Promise<Publication>;
  /** The newest versions, the newest first. */
  versions(): Promise<Version[]>;
  add(name: string, role: Member['role']): Promise<Member>;
  change(member: string, role: Member['role']): Promise<Member>;
  remove(member: string): Promise<void>;
  make(request: LinkRequest): Promise<NewLink>;
  revoke(link: string): Promise<void>;
  publish(request: PublicationRequest): Promise<Publication>;
  clear(version: number): Promise<Version>;
}

/** Who and what, once it is known. */
export interface Shared {
  members: Member[];
  links: Link[];
  publication: Publication;
  /** What others do not see of the newest versions, or null if they see the newest. */
  heldBack: HeldBack | null;
}

/** The newest version may hold a secret, so that others see an earlier one, or none. */
export interface HeldBack {
  newest: number;
  suspects: string[];
  seen: number | null;
}

/** The states of the dialog. */
export type ShareState =
  { kind: 'loading' } | { kind: 'error'; error: unknown } | { kind: 'full'; shared: Shared };

/** Something that was refused because files may hold secrets; it can be done all the same. */
export interface Objection {
  reason: string;
  insist(): Promise<void>;
}

/** Loads and changes how a project is shared, one change at a time. */
export class ShareModel {
  private readonly _source: ShareSource;
  private readonly _changed = new Signal<this, void>(this);
  private _state: ShareState = { kind: 'loading' };
  private _failure: unknown = null;
  private _objection: Objection | null = null;
  private _made: NewLink | null = null;
  private _busy = false;

  constructor(source: ShareSource) {
    this._source = source;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): ShareState {
    return this._state;
  }

  /** Why the last change was refused, or null. */
  get failure(): unknown {
    return this._failure;
  }

  /** The last change was refused for secrets; null if it was not. */
  get objection(): Objection | null {
    return this._objection;
  }

  /** The link that was just made, with the address that is shown only now. */
  get made(): NewLink | null {
    return this._made;
  }

  get busy(): boolean {
    return this._busy;
  }

  /** Load everything anew. */
  async load(): Promise<void> {
    try {
      const [members, links, publication, versions] = await Promise.all([
        this._source.members(),
        this._source.links(),
        this._source.publication(),
        this._source.versions()
      ]);
      const shared = { members, links, publication, heldBack: heldBackOf(versions) };
      this._state = { kind: 'full', shared };
    } catch (error) {
      this._state = { kind: 'error', error };
    }
    this._changed.emit();
  }

  /** Give a person a role. */
  add(name: string, role: Member['role']): Promise<void> {
    return this._act(() => this._source.add(name, role));
  }

  /** Give a member another role. */
  change(member: string, role: Member['role']): Promise<void> {
    return this._act(() => this._source.change(member, role));
  }

  /** Take a member's role away. */
  remove(member: string): Promise<void> {
    return this._act(() => this._source.remove(member));
  }

  /** Make a link. */
  make(request: LinkRequest): Promise<void> {
    return this._act(
      async () => {
        this._made = await this._source.make(request);
      },
      () => this.make({ ...request, despite_findings: true })
    );
  }

  /** End a link, for those who have opened it as well. */
  revoke(link: string): Promise<void> {
    return this._act(async () => {
      await this._source.revoke(link);
      if (this._made?.link.id === link) {
        this._made = null;
      }
    });
  }

  /** Show the project to everybody, or no longer. */
  publish(request: PublicationRequest): Promise<void> {
    return this._act(
      () => this._source.publish(request),
      () => this.publish({ ...request, despite_findings: true })
    );
  }

  /** Show a version that is held back to everybody after all. */
  clear(version: number): Promise<void> {
    return this._act(() => this._source.clear(version));
  }

  private async _act(action: () => Promise<unknown>, insist?: () => Promise<void>): Promise<void> {
    if (this._busy) {
      return;
    }
    this._busy = true;
    this._failure = this._objection = null;
    this._changed.emit();
    try {
      await action();
    } catch (error) {
      if (insist && error instanceof RequestError && error.status === 409) {
        this._objection = { reason: error.message, insist };
      } else {
        this._failure = error;
      }
    } finally {
      this._busy = false;
    }
    await this.load();
  }
}

function heldBackOf(versions: Version[]): HeldBack | null {
  const [newest] = versions;
  if (!newest?.held) {
    return null;
  }
  const seen = versions.find(version => !version.held)?.number ?? null;
  return { newest: newest.number, suspects: newest.suspects, seen };
}
