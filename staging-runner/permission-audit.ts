/**
 * Finds what a sandboxed process tried and was not allowed, also when it caught the error itself.
 *
 * Deno writes every permission it checks to the file named by DENO_AUDIT_PERMISSIONS, granted or not, one JSON object
 * a line; what was not granted follows from the grants. Anything that is not provably granted counts as denied.
 * Starting and signalling processes is not in that file, so `preload.mjs` marks it there as an attempt to read a variable
 * with a prefix. What gets past that mark (a worker that starts a program and swallows the error) is refused unseen.
 * Pure: text in, denials out.
 */
import { isAbsolute, normalize, relative, resolve } from "node:path";

export interface Grants {
  /** Working folder, for relative paths. */
  cwd: string;
  read: readonly string[];
  write: readonly string[];
  env: readonly string[];
  /** `host:port`, or null for no network at all. */
  net: string | null;
}

export const DENIALS = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
export interface Denial {
  kind: (typeof DENIALS)[number];
  value: string;
}

const RUN_MARK = "VIGIE_ATTEMPT_RUN_";

interface Access {
  permission: string;
  value: string | null;
  stack: string;
}

export function denialsInAudit(audit: string, grants: Grants): Denial[] {
  const denials: Denial[] = [];
  for (const line of audit.split("\n")) {
    const access = readAccess(line);
    const denial = access && judge(access, grants);
    if (denial) denials.push(denial);
  }
  return denials;
}

/** Denials that ended the process or were printed by it. */
export function denialsInOutput(output: string): Denial[] {
  return [...output.matchAll(/Requires ([a-z]+) access(?: to "([^"\n]{0,200}))?/g)].map((match) => ({
    kind: kindOf(match[1] ?? ""),
    value: match[2] ?? "",
  }));
}

function judge({ permission, value, stack }: Access, grants: Grants): Denial | null {
  const denied = { kind: kindOf(permission), value: value ?? "" };
  switch (permission) {
    case "read":
      return isWithin(value, grants.read, grants.cwd) ? null : denied;
    case "write":
      return isWithin(value, grants.write, grants.cwd) ? null : denied;
    case "env":
      if (value !== null && grants.env.includes(value)) return null;
      if (value?.startsWith(RUN_MARK)) return { kind: "run", value: value.slice(RUN_MARK.length) };
      // Starting a program copies the environment first; the program is what was wanted.
      return stack.includes("child_process") ? { kind: "run", value: "child process" } : denied;
    case "net":
      return value !== null && grants.net !== null && hostAndPort(value) === grants.net ? null : denied;
    case "import":
      return value !== null && /^(data|blob):/.test(value) ? null : denied;
    default:
      return denied;
  }
}

function kindOf(permission: string): Denial["kind"] {
  // Code from another host is fetched over the network.
  if (permission === "import") return "net";
  return DENIALS.find((kind) => kind === permission) ?? "sys";
}

function isWithin(path: string | null, folders: readonly string[], cwd: string): boolean {
  if (path === null) return false;
  const absolute = normalize(resolve(cwd, path));
  return folders.some((folder) => {
    const rest = relative(folder, absolute);
    return rest === "" || (!rest.startsWith("..") && !isAbsolute(rest));
  });
}

function hostAndPort(value: string): string {
  if (!value.includes("://")) return value;
  try {
    return new URL(value).host;
  } catch {
    return value;
  }
}

function readAccess(line: string): Access | null {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("permission" in entry)) return null;
    const value = "value" in entry && typeof entry.value === "string" ? entry.value : null;
    const stack = "stack" in entry ? JSON.stringify(entry.stack) : "";
    return { permission: String(entry.permission), value, stack };
  } catch {
    return null;
  }
}
