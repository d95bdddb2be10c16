import { type BackendFactory, TrunksError } from "@trunks/core";
import { LocalBackend } from "./local.ts";

/** `local` for a disk, `file` for a mounted share: one thing, by the names people look for. */
export const schemes: readonly string[] = ["local", "file"];

/**
 * Opens the folder of `local:///dir` or `file:///mnt/share`; percent signs encode as in any URL. There are no options. The
 * folder must exist, which is found out by the first operation. Throws `CONFIG_INVALID` for a URL that names a host, no
 * absolute path, or anything beside the path.
 */
export const openBackend: BackendFactory = async (url, options = {}) => {
  const [option] = Object.entries(options).find(([, value]) => value !== undefined && value !== "") ?? [];
  if (option !== undefined) throw invalid(`unknown option: ${option}`, "a folder has no options");
  return new LocalBackend({ root: folderOf(url) });
};

/** The absolute path that a URL names. */
function folderOf(url: URL): string {
  // Messages never repeat the whole URL: somebody may have put a password into it.
  const example = `write ${url.protocol}///absolute/path`;
  if (!schemes.includes(url.protocol.slice(0, -1))) throw invalid(`${url.protocol} is not the scheme of a folder`);
  if (url.username || url.password) throw invalid("a folder's URL has no place for credentials", example);
  if (url.host) {
    throw invalid(
      `${url.protocol}//${url.host}/… names a host, and this backend reaches no other machine`,
      `mount the share and name the folder: ${url.protocol}///mnt/…`,
    );
  }
  if (!url.pathname.startsWith("/")) throw invalid(`${url.protocol}${url.pathname} is not an absolute path`, example);
  if (url.search || url.hash) {
    throw invalid("a folder's URL has no options", "write a ? that belongs to the path as %3F, a # as %23");
  }
  return onThisSystem(decode(url.pathname));
}

function decode(path: string): string {
  if (/%(2f|00)/i.test(path)) throw invalid("the path has an encoded slash or NUL in it", "write slashes as slashes");
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new TrunksError("CONFIG_INVALID", "the path has a percent sign that encodes nothing", {
      cause: error,
      hint: "write it as %25",
    });
  }
}

/** On Windows the path of `file:///C:/code` is `C:/code`. */
function onThisSystem(path: string): string {
  return process.platform === "win32" && /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}

function invalid(message: string, hint?: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", message, { hint });
}
