/** The commands that hand a project to others: sharing, clearing what is held back, downloads, links. */

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import * as history from '../api/history.ts';
import type { Server } from '../api/request.ts';
import * as sharing from '../api/sharing.ts';
import type { Project } from '../api/types.ts';
import type { Parts } from './commands.ts';
import { ShareModel } from './share.ts';
import { ShareForm } from './sharing.tsx';

const server = (parts: Parts): Server => parts.app.serviceManager.serverSettings;

/** Show who has access to the project, and let the owner change it. */
export async function share(parts: Parts, project: Project): Promise<void> {
  const { trans } = parts;
  const { id } = project;
  const at = server(parts);
  const model = new ShareModel({
    members: async () => (await sharing.listMembers(at, id)).items,
    links: async () => (await sharing.listLinks(at, id)).items,
    publication: () => sharing.getPublication(at, id),
    versions: async () => (await history.listVersions(at, id)).items,
    add: (name, role) => sharing.addMember(at, id, name, role),
    change: (member, role) => sharing.changeRole(at, id, member, role),
    remove: member => sharing.removeMember(at, id, member),
    make: request => sharing.makeLink(at, id, request),
    revoke: link => sharing.revokeLink(at, id, link),
    publish: request => sharing.publish(at, id, request),
    clear: version => history.clearVersion(at, id, version)
  });
  void model.load();
  const addressOf = (page: string): string => sharing.pageAddress(at, page);
  await showDialog({
    title: trans.__('Share "%1"', project.name),
    body: new ShareForm({ model, trans, addressOf }),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
  parts.changed();
}

/** Show a version that is held back to everybody who sees the project, after asking. */
export async function clear(parts: Parts, project: Project, version: number): Promise<void> {
  const { trans } = parts;
  const found = await history.getVersion(server(parts), project.id, version);
  const { button } = await showDialog({
    title: trans.__('Show version %1 to everybody?', version),
    body: trans.__(
      'Whoever sees the project then sees what may be secrets in %1, in this version for good.',
      found.suspects.join(', ')
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Show it') })
    ]
  });
  if (button.accept) {
    await history.clearVersion(server(parts), project.id, version);
    parts.changed();
  }
}

/** Whether a copy is wanted although the version may hold secrets; null if then it is not. */
export async function asksForSecrets(
  parts: Parts,
  project: Project,
  version: number | null
): Promise<boolean | null> {
  const { trans } = parts;
  const found = await history.getVersion(server(parts), project.id, version ?? 'latest');
  if (!found.held) {
    return false;
  }
  const { button } = await showDialog({
    title: trans.__('Version %1 may hold secrets', found.number),
    body: trans.__('They may be in %1. A copy would hold them too.', found.suspects.join(', ')),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Copy all the same') })
    ]
  });
  return button.accept ? true : null;
}

/** Download a version as an archive; gives the address. */
export async function download(
  parts: Parts,
  project: Project,
  version: number
): Promise<string | undefined> {
  const despite = await asksForSecrets(parts, project, version);
  if (despite === null) {
    return undefined;
  }
  const link = document.createElement('a');
  link.href = history.archiveAddress(server(parts), project.id, version, despite);
  link.download = '';
  link.click();
  return link.href;
}

/** Where a page opens: beside JupyterLab, without a way back into it. */
function openPage(address: string): void {
  window.open(address, '_blank', 'noopener,noreferrer');
}

/** Open the public projects. */
export async function openGallery(parts: Parts): Promise<void> {
  openPage(sharing.pageAddress(server(parts), 'tengen-studio/'));
}

/** Ask for a link that somebody sent, and open it. */
export async function openShared({ trans }: Parts): Promise<void> {
  const { button, value } = await InputDialog.getText({
    title: trans.__('Open a shared link'),
    label: trans.__('The link that you were sent'),
    okLabel: trans.__('Open'),
    cancelLabel: trans.__('Cancel')
  });
  if (!button.accept || !value) {
    return;
  }
  const address = URL.parse(value.trim());
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new Error(trans.__('A web address was expected, such as https://…'));
  }
  openPage(address.href);
}
