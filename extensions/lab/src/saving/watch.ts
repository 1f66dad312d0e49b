/** Has open notebooks look at their files when somebody may have changed them. */

import type { Event } from '@jupyterlab/services';
import type { Bases } from './bases.ts';
import type { Live } from './live.ts';

/** What jupyter_server tells of files. */
const CONTENTS = 'https://events.jupyter.org/jupyter_server/contents_service/v1';
/** What it tells when a file has another content or name; that it was read is told as well. */
const CHANGES = new Set(['save', 'upload', 'create', 'copy', 'rename']);
/** Milliseconds between two looks at what nobody tells of: a script that writes the file. */
const OFTEN = 10_000;

/** Look when the server says that a file was saved, and now and then while the page is seen. */
export function watchFiles(events: Event.Stream, bases: Bases, lives: () => Iterable<Live>): void {
  const look = (live: Live) => void live.look(false).catch(() => undefined);
  events.connect((_, event) => {
    const { action, path, source_path: source } = event as Record<string, unknown>;
    if (event.schema_id !== CONTENTS || !CHANGES.has(String(action))) {
      return;
    }
    if (action === 'rename' && typeof source === 'string') {
      bases.moved(source, String(path));
    }
    for (const live of lives()) {
      if (live.path === path) {
        look(live);
      }
    }
  });
  const all = () => {
    if (document.visibilityState === 'visible') {
      for (const live of lives()) {
        look(live);
      }
    }
  };
  setInterval(all, OFTEN);
  document.addEventListener('visibilitychange', all);
}
