// Written by scripts/api_types.py from the server's schemas; do not edit.

/** Versions and figures for the home tab and the About dialog. */
export interface About {
  version: string;
  python: string;
  jupyterlab: string;
  kernels: Kernels;
  machine: Machine;
}

/** The installed version of each kernel library, or null where it is absent. */
export interface Kernels {
  onednn: string | null;
  numba: string | null;
  cupy: string | null;
}

/** What the server's machine has: counts, names and bytes. */
export interface Machine {
  cpus: number;
  gpus: string[];
  memory_bytes: number | null;
  disk_free_bytes: number;
  disk_total_bytes: number;
}

/** A finished copy: its folder and the notebook to open, relative to the user's folder. */
export interface Copy {
  directory: string;
  notebook: string;
}

/** Where to copy to: `directory` is relative to the user's folder, "" is that folder. */
export interface CopyRequest {
  directory?: string;
}

/** One text in the languages that the studio speaks. */
export interface LocalText {
  en: string;
  zh: string;
}

/** A template on offer; `picture` is the text of an SVG drawing. */
export interface Template {
  slug: string;
  title: LocalText;
  description: LocalText;
  picture: string;
}

/** One page of templates; `next` is the cursor of the following page, or null at the end. */
export interface TemplateList {
  items: Template[];
  next: string | null;
}
