import { mkdirSync } from "node:fs";
import { delimiter } from "node:path";
import { type ProxiedRequest, startOpenssh } from "@trunks/test-servers";
import { installCommandLine } from "../packed-packages.ts";
import type { Workspace } from "../workspace.ts";
import type { FarStore } from "./far-store.ts";
import { gitRemoteS3, installedHelper, objectStore, pythonTrunks } from "./installations.ts";

/** A way to keep a repository, as git is told of it. */
export interface Peer {
  readonly name: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The URL of a repository of this name. */
  url(repository: string): string;
  /** Makes the repository where git cannot; by default nothing has to be done. */
  create?(repository: string): void;
  /** A request after which a client that dies may leave the others waiting. */
  readonly holdsOthersUp: (request: ProxiedRequest) => boolean;
}

const isLock = ({ method, path }: ProxiedRequest) => method === "PUT" && /\.lock$/.test(path);
const isWrite = ({ method }: ProxiedRequest) => method === "PUT";

/** This project first, and then the others that can be installed here, on one bucket. */
export async function farPeers(workspace: Workspace, store: FarStore): Promise<Peer[]> {
  const { address, endpoint } = store;
  installCommandLine(workspace, ["backend-s3"]);
  const base: NodeJS.ProcessEnv = {
    ...workspace.environment,
    ...store.environment,
    NO_PROXY: "127.0.0.1",
    no_proxy: "127.0.0.1",
  };
  const { bucket, region } = address;
  const peers: Peer[] = [
    {
      name: "Trunks",
      environment: base,
      url: (name) => `trunks::s3://${bucket}/${name}?endpoint=${endpoint}&region=${region}`,
      holdsOthersUp: isWrite,
    },
  ];
  const add = (folder: string | undefined, peer: Pick<Peer, "name" | "url">) => {
    if (folder === undefined) return;
    const environment = { ...base, PATH: [folder, base.PATH].join(delimiter) };
    peers.push({ ...peer, environment, holdsOthersUp: isLock });
  };
  add(await installedHelper(gitRemoteS3), {
    name: `git-remote-s3 ${gitRemoteS3.version}`,
    url: (name) => `s3://${bucket}/${name}-bundles`,
  });
  add(await installedHelper(pythonTrunks), {
    name: `Python Trunks ${pythonTrunks.version}`,
    url: (name) => `trunks::trunks+s3://${bucket}/${name}-python`,
  });
  const rust = await installedHelper(objectStore);
  for (const engine of ["bundle", "packchain"]) {
    add(rust, {
      name: `git-remote-object-store ${objectStore.version}, ${engine}`,
      url: (name) => `s3+${endpoint}/${bucket}/${name}-${engine}?addressing=path&region=${region}&engine=${engine}`,
    });
  }
  return peers;
}

/** This project in a folder, and stock git on bare repositories by its own two ways. */
export async function nearPeers(workspace: Workspace): Promise<{ peers: Peer[]; stop(): Promise<void> }> {
  const store = workspace.path("near");
  mkdirSync(store);
  const bare = (name: string) => `${store}/${name}.git`;
  const create = (name: string) => void workspace.runGit(store, "init", "-q", "--bare", "-b", "main", bare(name));
  // With a subsystem that is not sshd's own the user who logs in has a shell, which git needs.
  const sshd = await startOpenssh({ subsystem: "/usr/lib/openssh/sftp-server" });
  const ssh = `ssh -F none -i ${sshd.identityFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${sshd.knownHostsFile}`;
  const { environment } = workspace;
  const holdsOthersUp = () => false;
  const peers: Peer[] = [
    { name: "Trunks", environment, url: (name) => `trunks::local://${store}/${name}`, holdsOthersUp },
    { name: "git, file://", environment, url: (name) => `file://${bare(name)}`, create, holdsOthersUp },
    {
      name: "git, ssh to this machine",
      environment: { ...environment, GIT_SSH_COMMAND: ssh },
      url: (name) => `ssh://${sshd.user}@${sshd.host}:${sshd.port}${bare(`${name}-ssh`)}`,
      create: (name) => create(`${name}-ssh`),
      holdsOthersUp,
    },
  ];
  return { peers, stop: () => sshd.stop() };
}
