/** A worker's program, bundled into one text by `scripts/bundle.mjs`. */
declare module 'program:*' {
  const text: string;
  export default text;
}
