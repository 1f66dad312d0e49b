/** The About dialog: versions, kernel libraries and the machine. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { About } from '../api/types.ts';
import { formatBytes } from '../ui/text.ts';
import { tengenIcon } from './icons.ts';

/** Show the dialog until it is closed. */
export async function showAbout(about: About, trans: TranslationBundle): Promise<void> {
  const { kernels, machine } = about;
  const absent = trans.__('not installed');
  const rows: [string, string][] = [
    [trans.__('Tengen'), about.version],
    ['Python', about.python],
    ['JupyterLab', about.jupyterlab],
    ['oneDNN', kernels.onednn ?? absent],
    ['Numba', kernels.numba ?? absent],
    ['CuPy', kernels.cupy ?? absent],
    ['CPU', String(machine.cpus)],
    ['GPU', machine.gpus.join(', ') || trans.__('none')],
    [trans.__('Memory'), machine.memory_bytes === null ? '–' : formatBytes(machine.memory_bytes)],
    [trans.__('Disk, free'), formatBytes(machine.disk_free_bytes)]
  ];
  await showDialog({
    title: (
      <span className="tengen-About-title">
        <tengenIcon.react tag="span" aria-hidden="true" /> {trans.__('About Tengen Studio')}
      </span>
    ),
    body: (
      <table className="tengen-About">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    ),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}
