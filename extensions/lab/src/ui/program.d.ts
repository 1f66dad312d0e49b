/** A worker's program, bundled into one text by `scripts/bundle.mjs`. */
declare module 'program:*' {
  const text: string;
  export default text;
}

/** A file's text, put into the bundle by `scripts/bundle.mjs`. */
declare module 'text:*' {
  const text: string;
  export default text;
}
