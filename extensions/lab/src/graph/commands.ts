/** The graph feature's commands, which act on the graph view in front. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import type { Texts } from '../ui/signals.ts';
import { exportPicture } from './export.ts';
import type { GraphPanel } from './panel.tsx';
import { CommandIDs } from './tokens.ts';

const CATEGORY = 'Tengen Studio';

/** Add the commands, and list them in the palette. */
export function addCommands(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<Widget & { content: GraphPanel }>,
  trans: Texts,
  palette: ICommandPalette | null
): void {
  const add = (command: string, label: string, act: (panel: GraphPanel) => unknown) => {
    app.commands.addCommand(command, {
      label,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => Boolean(tracker.currentWidget?.content.model.graph),
      execute: async () => {
        const panel = tracker.currentWidget?.content;
        if (panel) {
          await act(panel);
        }
      }
    });
    palette?.addItem({ command, category: CATEGORY });
  };
  const save = (kind: 'svg' | 'png') => (panel: GraphPanel) => {
    if (panel.stage) {
      exportPicture(panel.stage, kind, panel.model.document?.name ?? '');
    }
  };
  add(CommandIDs.search, trans.__('Search the graph'), panel => panel.search());
  add(CommandIDs.fit, trans.__('Show the whole graph'), panel => panel.stage?.fitWhole());
  add(CommandIDs.openAll, trans.__('Open all groups of the graph'), ({ model }) =>
    model.openTo(model.graph?.tree.deepest ?? 0)
  );
  add(CommandIDs.closeAll, trans.__('Close all groups of the graph'), ({ model }) =>
    model.openTo(0)
  );
  add(CommandIDs.foldRepeats, trans.__('Fold or unfold the repeats of the graph'), ({ model }) =>
    model.setFoldRepeats(!model.foldRepeats)
  );
  add(CommandIDs.previousPass, trans.__('Graph before the compiler pass'), ({ model }) =>
    model.setPass(model.pass - 1)
  );
  add(CommandIDs.nextPass, trans.__('Graph after the next compiler pass'), ({ model }) =>
    model.setPass(model.pass + 1)
  );
  add(CommandIDs.compare, trans.__('Compare the graph with another'), panel => panel.compare());
  add(CommandIDs.exportSvg, trans.__('Save the graph as SVG'), save('svg'));
  add(CommandIDs.exportPng, trans.__('Save the graph as PNG'), save('png'));
}
