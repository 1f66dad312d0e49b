/** GPUs: who uses them, and making room on them. */

import { type Server, request } from './request.ts';
import type { GpuPage, ParkedMemory } from './types.ts';

/** The machine's GPUs with memory, utilisation and the kernels that use them. */
export function listGpus(server: Server): Promise<GpuPage> {
  return request(server, 'gpus');
}

/** Have an idle kernel move its tensors from the GPUs to the machine's memory. */
export function parkKernel(server: Server, kernel: string): Promise<ParkedMemory> {
  return request(server, `kernels/${kernel}/park`, undefined, 'POST');
}
