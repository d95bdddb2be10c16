import { unquote } from "./quoting.ts";

/** What git told the helper by `option` lines. */
export class HelperOptions {
  /** -1 and 0: quiet; 1: as usual; 2 and more: tell what is done. */
  verbosity = 1;
  progress = false;
  dryRun = false;
  atomic = false;
  cloning = false;
  refetch = false;
  /** Git wants to know whether it may save its own walk. */
  checkConnectivity = false;
  /** `list` shall begin with the object format. */
  objectFormat = false;
  /** Expected old values by ref, of `--force-with-lease`. */
  readonly leases = new Map<string, string>();
  readonly pushOptions: string[] = [];
  /** A part of the history or of the objects is wanted: depth, deepening or a filter. */
  partial = false;

  /** Takes one option; answers what git wants to hear. */
  set(name: string, value: string): string {
    const set = setters[name];
    // Nothing here signs. Whoever wants a signature only where it is understood is served without one.
    if (set === undefined || (name === "pushcert" && value !== "if-asked")) return "unsupported";
    set(this, unquote(value));
    return "ok";
  }
}

type Setter = (options: HelperOptions, value: string) => void;

const ignored: Setter = () => {};
const partial: Setter = (options) => {
  options.partial = true;
};

/**
 * Options that are understood. Git stops with an error when one of `atomic`, `dry-run`, `push-option`, `pushcert` or
 * `force-if-includes` is not `ok`. Source: gitremote-helpers.
 */
const setters: { readonly [name: string]: Setter } = {
  verbosity: (options, value) => {
    options.verbosity = Number(value);
  },
  progress: (options, value) => {
    options.progress = value === "true";
  },
  "dry-run": (options, value) => {
    options.dryRun = value === "true";
  },
  atomic: (options, value) => {
    options.atomic = value === "true";
  },
  cloning: (options, value) => {
    options.cloning = value === "true";
  },
  refetch: (options, value) => {
    options.refetch = value === "true";
  },
  "check-connectivity": (options, value) => {
    options.checkConnectivity = value === "true";
  },
  "object-format": (options) => {
    options.objectFormat = true;
  },
  cas: (options, value) => {
    const colon = value.lastIndexOf(":");
    options.leases.set(value.slice(0, colon), value.slice(colon + 1));
  },
  "push-option": (options, value) => {
    options.pushOptions.push(value);
  },
  depth: partial,
  "deepen-since": partial,
  "deepen-not": partial,
  "deepen-relative": partial,
  filter: partial,
  "force-if-includes": ignored,
  pushcert: ignored,
  followtags: ignored,
  "update-shallow": ignored,
  "from-promisor": ignored,
  "no-dependents": ignored,
  servpath: ignored,
};
