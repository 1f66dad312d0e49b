/** Draws the GPUs as a strip: how full and how busy each is, and which notebook holds what. */

import * as React from 'react';
import type { Gpu, GpuHolder } from '../api/types.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText, formatBytes } from '../ui/text.ts';
import { type GpuModel, PAUSE, users } from './model.ts';

interface Props {
  model: GpuModel;
  trans: Texts;
  /** What a kernel's notebook is called; "" where none is open. */
  nameOf(kernel: string): string;
  /** Have a kernel make room. */
  onPark(kernel: string): void;
}

/** Every GPU; nothing where there is none. */
export function GpuStrip(props: Props & { visible: () => boolean }): React.ReactElement | null {
  const { model, trans, visible } = props;
  useSignal(model.changed);
  React.useEffect(() => {
    void model.refresh();
    const timer = setInterval(() => {
      if (model.absent) {
        clearInterval(timer);
      } else if (visible() && !document.hidden) {
        void model.refresh();
      }
    }, PAUSE);
    return () => clearInterval(timer);
  }, [model, visible]);
  if (!model.gpus.length) {
    return null;
  }
  return (
    <section className="tengen-Gpus" aria-label={trans.__('GPUs')}>
      {model.gpus.map((gpu, index) => (
        <Card key={index} gpu={gpu} {...props} />
      ))}
      <Ending {...props} />
    </section>
  );
}

function Card(props: Props & { gpu: Gpu }): React.ReactElement {
  const { gpu, trans } = props;
  const { used, total, percent } = gpu;
  const { kernels, others } = users(gpu);
  return (
    <div className="tengen-Gpus-card">
      <h3>{gpu.name}</h3>
      {used !== null && total !== null && (
        <>
          <meter min={0} max={total} value={used} aria-label={trans.__('Memory of the GPU')} />
          <span>{trans.__('%1 of %2 used', formatBytes(used), formatBytes(total))}</span>
        </>
      )}
      {percent !== null && <span>{trans.__('%1% busy', percent)}</span>}
      {(kernels.length > 0 || others > 0) && (
        <ul>
          {kernels.map(holder => (
            <Holder key={holder.pid} holder={holder} {...props} />
          ))}
          {others > 0 && (
            <li>
              <span>{trans.__('Other programs')}</span> <span>{formatBytes(others)}</span>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function Holder(props: Props & { holder: GpuHolder }): React.ReactElement {
  const { model, trans, nameOf, onPark } = props;
  const { bytes, percent } = props.holder;
  const kernel = props.holder.kernel ?? '';
  const name = nameOf(kernel) || trans.__('A kernel without a notebook');
  return (
    <li>
      <span>{name}</span> {bytes !== null && <span>{formatBytes(bytes)}</span>}{' '}
      {percent !== null && <span>{trans.__('%1% busy', percent)}</span>}
      <button
        className="jp-mod-styled"
        disabled={model.isParking(kernel)}
        title={trans.__(
          'Moves its tensors to the memory of the machine; each comes back when it is next used'
        )}
        aria-label={trans.__('Make room: %1', name)}
        onClick={() => onPark(kernel)}
      >
        {model.isParking(kernel) ? trans.__('Making room…') : trans.__('Make room')}
      </button>
    </li>
  );
}

function Ending({ model, trans, nameOf }: Props): React.ReactElement | null {
  const { parked } = model;
  if (!parked) {
    return null;
  }
  if ('error' in parked) {
    return <p role="alert">{failureText(parked.error, trans)}</p>;
  }
  const name = nameOf(parked.kernel) || trans.__('A kernel without a notebook');
  return (
    <p role="status">
      {parked.bytes
        ? trans.__('%1 has made room: %2', name, formatBytes(parked.bytes))
        : trans.__('%1 holds no tensors on a GPU.', name)}
    </p>
  );
}
