/** Links a memory view with the others: tells what is chosen in it, and lights up what they chose. */

import type { FocusBus, Place } from '../source/focus.ts';
import type { MemoryModel } from './model.ts';

/** Link a model until what is given back is called. */
export function linkMemory(model: MemoryModel, bus: FocusBus): () => void {
  let { cursor, selected, state } = model;
  const changed = (): void => {
    const [moved, chosen] = [model.cursor !== cursor, model.selected !== selected];
    const fresh = model.state !== state;
    ({ cursor, selected, state } = model);
    if (!fresh && (moved || chosen)) {
      model.focus.setLinked(null);
      bus.tell(model, chosen ? chosenIn(model) : runningIn(model));
    }
  };
  model.changed.connect(changed);
  const stop = bus.listen(model, place => model.focus.setLinked(place));
  return () => {
    stop();
    model.changed.disconnect(changed);
  };
}

/** What the chosen block was made by, null where none is chosen. */
function chosenIn(model: MemoryModel): Place | null {
  const { selected } = model;
  const timeline = selected && model.tracks[selected.track]?.timeline;
  return timeline ? placed(timeline.originOf(selected.block)) : null;
}

/** What runs at the cursor. */
function runningIn(model: MemoryModel): Place | null {
  const timeline = model.activeTimeline;
  const origin = timeline?.runningAt(model.momentOf(model.active));
  return origin ? placed(origin) : null;
}

function placed({ module, op, source }: Place): Place {
  return { ...(op ? { op } : {}), module: module ?? '', ...(source ? { source } : {}) };
}
