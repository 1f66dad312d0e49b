/** The ids of the home feature's commands, for palette, menus, launcher and tests. */

export const CommandIDs = {
  openHome: 'tengen-studio:open-home',
  start: 'tengen-studio:start-template',
  about: 'tengen-studio:about'
} as const;

/** The launcher section's and the palette category's name; a proper name, never translated. */
export const CATEGORY = 'Tengen Studio';
