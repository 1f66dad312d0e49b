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

/** One page of the log, the newest first. */
export interface AuditPage {
  items: AuditRow[];
  next: string | null;
}

/** One thing that somebody did; `details` is a sentence's worth of names and numbers. */
export interface AuditRow {
  id: string;
  at: string;
  actor_kind: string;
  actor_name: string;
  address: string;
  verb: string;
  project_id: string | null;
  details: Record<string, string>;
}

/** A registered data set; `progress` goes from 0 to 1 while its files are taken in. */
export interface DatasetEntry {
  id: string;
  name: string;
  version: string;
  description: string;
  licence: string;
  kind: 'file' | 'folder' | 'url';
  source: string;
  sha256: string | null;
  files: number;
  bytes: number;
  state: string;
  message: string;
  progress: number;
  created: string;
}

/** One file of a data set. */
export interface DatasetFileEntry {
  path: string;
  sha256: string;
  size: number;
}

/** One page of a data set's files, by path. */
export interface DatasetFilePage {
  items: DatasetFileEntry[];
  next: string | null;
}

/** One page of data sets, the newest first. */
export interface DatasetPage {
  items: DatasetEntry[];
  next: string | null;
}

/** Which data sets: those whose name or description has `q`; `after` is a page's `next`. */
export interface DatasetQuery {
  q: string;
  after: string | null;
}

/** A data set to register. */
export interface DatasetRequest {
  name: string;
  kind: 'file' | 'folder' | 'url';
  source: string;
  version?: string;
  description?: string;
  licence?: string;
  sha256?: string | null;
}

/** A data set that a project uses. */
export interface Mount {
  name: string;
  dataset: string;
  version: string;
  sha256: string;
  files: number;
  bytes: number;
  licence: string;
  state: 'altered' | 'available' | 'missing' | 'mounted';
  dataset_id: string | null;
}

/** One page of the data sets of a project, by name. */
export interface MountList {
  items: Mount[];
  next: string | null;
}

/** Put a data set into the project under `datasets/<name>`; the default is its own name. */
export interface MountRequest {
  dataset_id: string;
  name?: string | null;
}

/** The beginning of a data set: a table, pictures, a text, or nothing that can be shown. */
export interface Preview {
  path: string;
  kind: 'nothing' | 'pictures' | 'table' | 'text';
  note: string;
  columns: string[];
  rows: string[][];
  pictures: Thumbnail[];
  text: string;
}

/** Which file to show; without `path`, the first one that can be shown. */
export interface PreviewQuery {
  path: string | null;
}

/** A small picture as a `data:` address; `width` and `height` are the original's. */
export interface Thumbnail {
  path: string;
  width: number;
  height: number;
  picture: string;
}

/** A public project; `starred` tells whether the asker did. */
export interface GalleryItem {
  id: string;
  name: string;
  description: string;
  owner: string;
  tags: string[];
  licence: string;
  updated: string;
  stars: number;
  forks: number;
  starred: boolean;
  page: string;
}

/** One page of the gallery, the most recently changed first. */
export interface GalleryPage {
  items: GalleryItem[];
  next: string | null;
}

/** Words to search for, one tag, an order, and the page. */
export interface GalleryQuery {
  q: string;
  tag: string;
  after: string | null;
}

/** How many people starred a project, and whether the asker did. */
export interface Stars {
  stars: number;
  starred: boolean;
}

/** One GPU as its driver sees it; what the driver does not tell is null. */
export interface Gpu {
  name: string;
  used: number | null;
  total: number | null;
  percent: number | null;
  holders: GpuHolder[];
}

/** A process that uses a GPU: memory in bytes, utilisation in percent, null where unknown. */
export interface GpuHolder {
  pid: number;
  kernel: string | null;
  bytes: number | null;
  percent: number | null;
}

/** The machine's GPUs; `reason` says why there is none. */
export interface GpuPage {
  items: Gpu[];
  reason: string;
  next: string | null;
}

/** The bytes that a kernel has moved from its GPUs to the machine's memory. */
export interface ParkedMemory {
  bytes: number;
}

/** Which file: `path` is relative to the user's folder, as JupyterLab writes it. */
export interface GraphQuery {
  path: string;
}

/** Whether the archive is wanted although the version may hold secrets. */
export interface ArchiveQuery {
  despite_findings: boolean;
}

/** A cell of one side, `outputs` in the notebook format. */
export interface Cell {
  index: number;
  id: string | null;
  kind: string;
  source: string;
  outputs: Record<string, unknown>[];
  metadata: Record<string, unknown>;
}

/** One row of two notebooks side by side; `source` holds the lines that differ. */
export interface CellDiff {
  status: 'added' | 'changed' | 'removed' | 'same';
  old: Cell | null;
  new: Cell | null;
  source: Hunk[];
  source_changed: boolean;
  outputs_changed: boolean;
  metadata_changed: boolean;
}

/** The files that differ between two versions; `to_version` is null for the folder. */
export interface ChangePage {
  from_version: number;
  to_version: number | null;
  items: FileChange[];
  next: string | null;
}

/** Which file of the version, relative to the project's folder. */
export interface ContentQuery {
  path: string;
}

/** Which two versions; `to` is the newest by default, `from` the one before `to`. */
export interface DiffQuery {
  from: number | null;
  to: number | null;
  folder: boolean;
  after: string | null;
}

/** A file that differs; `old_path` is null unless it was renamed. */
export interface FileChange {
  path: string;
  old_path: string | null;
  status: 'added' | 'changed' | 'removed' | 'renamed';
  old_size: number | null;
  new_size: number | null;
}

/** How one file differs: texts by `hunks`, notebooks by `cells`, others by their sides. */
export interface FileDiff {
  path: string;
  kind: 'binary' | 'link' | 'notebook' | 'text';
  old: Side | null;
  new: Side | null;
  large: boolean;
  hunks: Hunk[];
  cells: CellDiff[];
  metadata: Hunk[];
}

/** Which file of which two versions; `old_path` where it had another name before. */
export interface FileDiffQuery {
  path: string;
  old_path: string | null;
  from: number | null;
  to: number | null;
  folder: boolean;
}

/** One page of a version's files, sorted by path. */
export interface FilePage {
  items: VersionFile[];
  next: string | null;
}

/** A stretch of lines that differ, and those around it. */
export interface Hunk {
  old_start: number;
  new_start: number;
  lines: string[];
}

/** What joining two sides gave: the version, and the files where both had changed the same. */
export interface Merged {
  version: Version;
  taken: string[];
  merged: string[];
  conflicts: Record<string, string>;
}

/** Which version of the origin to bring in; the newest if null. */
export interface PullRequest {
  version?: number | null;
}

/** The version that the pushed files build on, and what they change. */
export interface PushQuery {
  base: number;
  message: string;
  merge: boolean;
}

/** The version to bring back; with `path`, that file of it alone. */
export interface RestoreRequest {
  version: number;
  path?: string | null;
}

/** A new version; with a message one is made even where nothing has changed. */
export interface SaveRequest {
  message?: string;
}

/** One side of a comparison; `sha256` is the content's. */
export interface Side {
  size: number;
  sha256: string;
  executable: boolean;
}

/** One saved state; the counts compare it with the version before. */
export interface Version {
  id: string;
  number: number;
  message: string;
  author_id: string;
  author: string;
  created: string;
  automatic: boolean;
  reason: string;
  files: number;
  bytes: number;
  added: number;
  changed: number;
  removed: number;
  cells_added: number;
  cells_changed: number;
  cells_removed: number;
  skipped: Record<string, string>;
  held: boolean;
  suspects: string[];
  details: Record<string, unknown>;
}

/** One file of a version; `sha256` is known for large files only. */
export interface VersionFile {
  path: string;
  size: number;
  kind: 'executable' | 'file' | 'link';
  oid: string;
}

/** One page of a project's versions, the newest first. */
export interface VersionPage {
  items: Version[];
  next: string | null;
}

/** An invitation's token and what the new account is to be called; see a reset for `name`. */
export interface AcceptRequest {
  token: string;
  password: string;
  name?: string;
}

/** A person of this studio; `kind` is host or account. */
export interface Account {
  id: string;
  name: string;
  kind: 'account' | 'host';
  created: string;
}

/** One page of accounts, the newest first. */
export interface AccountPage {
  items: Account[];
  next: string | null;
}

/** An invitation; `state` is open, used or expired. `account` is who came of it. */
export interface Invitation {
  id: string;
  note: string;
  state: 'expired' | 'open' | 'used';
  created: string;
  expires: string;
  project_id: string | null;
  role: string | null;
  account: string | null;
}

/** One page of invitations, the newest first. */
export interface InvitationPage {
  items: Invitation[];
  next: string | null;
}

/** A new invitation: whom it is meant for, how long it is good, and a role to begin with. */
export interface InvitationRequest {
  note?: string;
  days?: number;
  project_id?: string | null;
  role?: 'editor' | 'viewer' | null;
}

/** An account's name and password. */
export interface LoginRequest {
  name: string;
  password: string;
}

/** The asker: `kind` is host, account, link or anonymous; `id` and `name` may be empty. */
export interface Me {
  kind: 'account' | 'anonymous' | 'host' | 'link';
  id: string;
  name: string;
}

/** A new name for oneself. */
export interface NameRequest {
  name: string;
}

/** An invitation and its token, which is shown this once. */
export interface NewInvitation {
  invitation: Invitation;
  token: string;
  address: string;
}

/** An open log-in of one's own; `current` marks the one that asks. */
export interface OpenSession {
  id: string;
  created: string;
  expires: string;
  address: string;
  current: boolean;
}

/** Every open log-in, the newest first. */
export interface OpenSessionPage {
  items: OpenSession[];
  next: string | null;
}

/** A change of one's own password; all other sessions end. */
export interface PasswordRequest {
  old: string;
  new: string;
}

/** What is to change; what is null stays. `directory` says where the folder is now. */
export interface ChangeRequest {
  name?: string | null;
  description?: string | null;
  tags?: string[] | null;
  licence?: string | null;
  archived?: boolean | null;
  directory?: string | null;
}

/** A fork of a project, as far as the asker may know of it. */
export interface Fork {
  id: string;
  name: string;
  owner: Owner;
  version: number;
  created: string;
}

/** One page of a project's forks, the newest first. */
export interface ForkPage {
  items: Fork[];
  next: string | null;
}

/** A fork of that version (the newest if null), under that name (the origin's if empty). */
export interface ForkRequest {
  version?: number | null;
  name?: string;
  directory?: string;
  despite_findings?: boolean;
}

/** The name of the project that an archive becomes, and the folder to make its own in. */
export interface ImportQuery {
  name: string;
  directory: string;
}

/** A project that was made, and the file to open first, relative to the server's folder. */
export interface NewProject {
  project: Project;
  open: string | null;
  skipped: Record<string, string>;
}

/** The version that a project was forked from. */
export interface Origin {
  project_id: string;
  version: number;
}

/** Whose project it is. */
export interface Owner {
  id: string;
  name: string;
}

/** One project; `directory` is relative to the server's folder, null without a folder. */
export interface Project {
  id: string;
  name: string;
  slug: string;
  description: string;
  directory: string | null;
  missing: boolean;
  tags: string[];
  visibility: 'private' | 'public';
  licence: string;
  owner: Owner;
  role: 'editor' | 'owner' | 'viewer';
  origin: Origin | null;
  version: number;
  created: string;
  updated: string;
  archived: string | null;
  trashed: string | null;
  usage: Usage;
}

/** One page of projects. */
export interface ProjectPage {
  items: Project[];
  next: string | null;
}

/** A new project. */
export interface ProjectRequest {
  name?: string;
  description?: string;
  tags?: string[];
  directory?: string;
  template?: string | null;
  folder?: string | null;
  git?: string | null;
  branch?: string | null;
}

/** Which projects: those with every word of `q` in name, description or tags, and the tag. */
export interface ProjectsQuery {
  q: string;
  tag: string;
  state: 'active' | 'archived' | 'trashed';
  after: string | null;
  limit: number;
}

/** The tags of the asker's projects, sorted. */
export interface TagList {
  items: string[];
  next: string | null;
}

/** What a project's history takes of its quota, in bytes; null for no quota. */
export interface Usage {
  stored: number;
  quota: number | null;
  near: boolean;
}

/** How the outputs of one cell compare; cells count from 1 over the whole notebook. */
export interface CellReport {
  cell: number;
  verdict: 'close' | 'different' | 'failed' | 'new' | 'not run' | 'same';
  difference: number | null;
  note: string;
}

/** How one notebook went; `error` says why it was not run to its end. */
export interface NotebookReport {
  path: string;
  seconds: number;
  error: string;
  cells: CellReport[];
}

/** One thing that a version needs to be run again: whether it is here, and what to do if not. */
export interface Readiness {
  name: 'code' | 'data' | 'packages' | 'seeds';
  ready: boolean;
  note: string;
}

/** What was run, with what, and how it compares. */
export interface Report {
  rebuilt: boolean;
  python: string;
  changed: ([string, string, string | null])[];
  missing: string[];
  relative: number;
  absolute: number;
  notebooks: NotebookReport[];
}

/** One run of a version; `progress` goes from 0 to 1, and `step` says what is being done. */
export interface ReproductionEntry {
  id: string;
  version: number;
  state: 'agreed' | 'cancelled' | 'differed' | 'failed' | 'lost' | 'running';
  message: string;
  step: string;
  progress: number;
  created: string;
  finished: string | null;
  report: Report | null;
}

/** One page of a project's reproductions, the newest first. */
export interface ReproductionPage {
  items: ReproductionEntry[];
  next: string | null;
}

/** What to run again, with which packages, and how close numbers must be. */
export interface ReproductionRequest {
  version?: number | null;
  rebuild?: 'always' | 'auto' | 'never';
  notebooks?: string[] | null;
  relative?: number;
  absolute?: number;
  minutes?: number;
}

/** What a version was saved with; `recorded` is false where an older one had to stand in. */
export interface VersionEnvironment {
  version: number;
  recorded: boolean;
  python: string;
  system: string;
  engine: string | null;
  packages: Record<string, string>;
  changed: ([string, string, string | null])[];
  readiness: Readiness[];
}

/** The last run of a cell that is not settled; `recent` are ids of messages that are in it. */
export interface CellRun {
  id: string;
  cell: string;
  state: 'done' | 'running' | 'waiting';
  count: number | null;
  outputs: RunMessage[];
  recent: string[];
  question: Question | null;
}

/** What a kernel asks the user: the message's header, to which an answer refers. */
export interface Question {
  header: Record<string, unknown>;
  prompt: string;
  password: boolean;
}

/** The runs of a kernel's cells, in the order in which they were asked for. */
export interface RunList {
  items: CellRun[];
}

/** A message of the kernel, shortened: its kind and content. */
export interface RunMessage {
  kind: 'display_data' | 'error' | 'execute_result' | 'stream';
  content: Record<string, unknown>;
}

/** Whose runs: the kernel's id, as Jupyter gives it. */
export interface RunsQuery {
  kernel: string;
}

/** Runs whose outputs were saved with their notebook. */
export interface SettledRunsRequest {
  kernel: string;
  ids: string[];
}

/** A save that was refused; `mergeable` says that both sides can be joined as they are now. */
export interface RefusedSave {
  id: string;
  path: string;
  created: string;
  size: number;
  mergeable: boolean;
}

/** One page of refused saves, the newest first. */
export interface RefusedSavePage {
  items: RefusedSave[];
  next: string | null;
}

/** Which refused saves: those of the file at `path`, or all. */
export interface RefusedSavesQuery {
  path: string | null;
  after: string | null;
}

/** What to do with a refused save: join it with the file, or put it in the file's place (which */
export interface SettleRequest {
  how: 'beside' | 'merge' | 'take';
}

/** The file that now holds the refused save, or both sides, relative to the server's folder. */
export interface Settled {
  path: string;
}

/** A possible secret in a file. */
export interface Finding {
  path: string;
  cell: number | null;
  part: 'metadata' | 'name' | 'output' | 'source' | 'text';
  line: number;
  kind: string;
  masked: string;
}

/** The possible secrets in one version of a project, by file. */
export interface FindingList {
  version: number;
  items: Finding[];
  next: string | null;
}

/** A stored secret: its name, when it was set, and when a kernel last asked for it. */
export interface SecretEntry {
  name: string;
  updated: string;
  used: string | null;
}

/** One page of stored secrets, by name. */
export interface SecretList {
  items: SecretEntry[];
  next: string | null;
}

/** The value to keep under the name in the address. */
export interface SecretRequest {
  value: string;
}

/** A link as its owner sees it; `state` is open, revoked, expired or used (up). */
export interface Link {
  id: string;
  permission: 'edit' | 'fork' | 'view';
  note: string;
  state: 'expired' | 'open' | 'revoked' | 'used';
  created: string;
  created_by: string;
  expires: string | null;
  uses: number;
  most_uses: number | null;
  has_password: boolean;
}

/** One page of a project's links, the newest first. */
export interface LinkPage {
  items: Link[];
  next: string | null;
}

/** A new link; without `days` it stays until it is revoked, without `most_uses` for all. */
export interface LinkRequest {
  permission?: 'edit' | 'fork' | 'view';
  note?: string;
  days?: number | null;
  most_uses?: number | null;
  password?: string | null;
  despite_findings?: boolean;
}

/** A person with a role in a project; `since` is null for whom the project belongs to. */
export interface Member {
  id: string;
  name: string;
  role: 'editor' | 'owner' | 'viewer';
  since: string | null;
}

/** Everybody with a role, the project's owner first. */
export interface MemberPage {
  items: Member[];
  next: string | null;
}

/** A role for the person of that name. */
export interface MemberRequest {
  name: string;
  role: 'editor' | 'owner' | 'viewer';
}

/** A link and its token, which is shown this once. */
export interface NewLink {
  link: Link;
  token: string;
  address: string;
}

/** A link's token, and its password where it has one. */
export interface OpenRequest {
  token: string;
  password?: string | null;
}

/** What a link opened: the project, what it allows, and the project's page. */
export interface Opened {
  project_id: string;
  permission: 'edit' | 'fork' | 'view';
  page: string;
}

/** What everybody gets to see of a project, and the address of its page. */
export interface Publication {
  public: boolean;
  licence: string;
  scripts: boolean;
  page: string;
}

/** Whether everybody may see the project, and whether its notebooks' scripts may run there. */
export interface PublicationRequest {
  public?: boolean | null;
  scripts?: boolean | null;
  despite_findings?: boolean;
}

/** Another role for a member. */
export interface RoleRequest {
  role: 'editor' | 'owner' | 'viewer';
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
