/**
 * Bundles a module for pages and notebooks outside JupyterLab: node scripts/bundle.mjs IN OUT.
 *
 * `import text from 'program:x.worker.ts'` gives a worker's whole program as a text, and
 * `import text from 'text:x.css'` a file as it is.
 */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const LAB = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const programs = {
  name: 'programs',
  setup(bundler) {
    bundler.onResolve({ filter: /^program:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('program:'.length)),
      namespace: 'program'
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'program' }, async ({ path }) => {
      const made = await build({ ...options, entryPoints: [path], format: 'iife', write: false });
      return { contents: made.outputFiles[0].text, loader: 'text', watchFiles: [path] };
    });
    bundler.onResolve({ filter: /^text:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('text:'.length)),
      namespace: 'text'
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'text' }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'text'
    }));
  }
};

const options = {
  bundle: true,
  minify: true,
  target: 'es2022',
  legalComments: 'none',
  nodePaths: [resolve(LAB, 'node_modules')],
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning'
};

const [entry, outfile] = process.argv.slice(2);
if (!entry || !outfile) {
  throw new Error('usage: node scripts/bundle.mjs ENTRY OUTFILE');
}
await build({ ...options, entryPoints: [entry], outfile, format: 'esm', plugins: [programs] });
