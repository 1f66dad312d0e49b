/** What a page without JupyterLab loads: the model, `mount`, and documents of any size. */

export { trainingStep } from './fixture.ts';
export { MemoryModel } from './model.ts';
export { mount } from './mount.tsx';
