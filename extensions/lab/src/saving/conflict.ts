/** Asks what shall become of a save that came too late: both sides are there. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type How, forgetRefused, findRefused, settleRefused } from '../api/saving.ts';
import type { Server } from '../api/request.ts';
import { failureText } from '../ui/text.ts';

/** Ask, and do it; tells whether the page shall read the file again. */
export async function askAboutConflict(
  server: Server,
  path: string,
  id: string,
  trans: TranslationBundle
): Promise<boolean> {
  const refused = await findRefused(server, path, id);
  if (!refused) {
    return false;
  }
  const ways: [How | 'theirs', string][] = [
    ['theirs', trans.__('Read the other')],
    ['beside', trans.__('Keep mine beside it')],
    ['take', trans.__('Overwrite with mine')]
  ];
  if (refused.mergeable) {
    ways.push(['merge', trans.__('Join both')]);
  }
  const buttons = ways.map(([way, label], place) =>
    Dialog.createButton({
      label,
      actions: [way],
      accept: true,
      displayType: way === 'take' ? 'warn' : 'default',
      className: place === ways.length - 1 ? 'jp-mod-accept' : 'jp-mod-reject'
    })
  );
  const { button } = await showDialog({
    title: trans.__('The file was changed meanwhile'),
    body: refused.mergeable
      ? trans.__('%1 was changed by another tab or program. Both sides can be joined.', path)
      : trans.__('%1 was changed by another tab or program, and the two cannot be joined.', path),
    buttons: [Dialog.cancelButton({ label: trans.__('Not now') }), ...buttons],
    defaultButton: buttons.length
  });
  const way = button.actions[0] as How | 'theirs' | undefined;
  if (way === undefined) {
    // The page still has what was to be saved.
    await forgetRefused(server, refused.id);
    return false;
  }
  if (way === 'theirs') {
    return true; // what was to be saved stays among the refused saves
  }
  try {
    const settled = await settleRefused(server, refused.id, way);
    if (way === 'beside') {
      Notification.success(trans.__('Yours is kept as %1.', settled.path));
    }
    return true;
  } catch (error) {
    Notification.error(failureText(error, trans));
    return false;
  }
}
