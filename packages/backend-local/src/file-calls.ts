/** Not imported: an ES module's import of it loads all that belongs to it, streams and promises too, which takes some milliseconds. */
const fs = process.getBuiltinModule("node:fs");

/**
 * The calls to the operating system that this backend makes, in one place so that tests can let each of them fail.
 *
 * What moves names and little bytes is called synchronously: a round through Node's thread pool takes ten times as long
 * as the call (reading 3 kB: 11 µs against 170 µs). What waits for the disk, or moves many bytes, is asynchronous.
 */
export const fileCalls = {
  open: fs.openSync,
  close: fs.closeSync,
  fstat: (file: number) => fs.fstatSync(file),
  /** `undefined` when nothing is there; links are followed. */
  stat: (path: string) => fs.statSync(path, { throwIfNoEntry: false }),
  readNow: fs.readSync,
  writeNow: fs.writeSync,
  folder: (path: string) => fs.readdirSync(path, { withFileTypes: true }),
  link: fs.linkSync,
  rename: fs.renameSync,
  unlink: fs.unlinkSync,
  makeFolder: (path: string) => fs.mkdirSync(path),
  removeFolder: fs.rmdirSync,
  sync(file: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fsync(file, (error) => (error ? reject(error) : resolve()));
    });
  },
  read(file: number, into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(file, into, 0, into.length, position, (error, count) => (error ? reject(error) : resolve(count)));
    });
  },
  write(file: number, buffers: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.writev(file, buffers as Uint8Array[], (error, count) => (error ? reject(error) : resolve(count)));
    });
  },
};

export type FileCalls = typeof fileCalls;
