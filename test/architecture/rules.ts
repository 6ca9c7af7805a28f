/** The rules of the layers. Each takes parsed files and returns its objections as sentences; none means that it holds. Pure. */
import { posix } from "node:path";
import { cyclesOf } from "./cycles.ts";
import type { ParsedSource } from "./parsed-source.ts";
import { covers, FETCH_PATHS, OVERLAYS, PURE_ROOMS, ROOMS, type Room, roomOf, TYPES_ONLY } from "./rooms.ts";

const isRelative = (specifier: string): boolean => /^\.{1,2}\//.test(specifier);
const targetOf = (file: ParsedSource, specifier: string): string =>
  posix.normalize(posix.join(posix.dirname(file.path), specifier.replace(/\?.*$/, "")));

/** `@scope/name` or `name` of an import; `node:*` and `cloudflare:*` for what the platform brings. */
export function packageOf(specifier: string): string {
  const [, scheme] = /^([a-z]+):/.exec(specifier) ?? [];
  if (scheme !== undefined) return `${scheme}:*`;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Every file belongs to a room, and every relative import names a file that exists. */
export function strayFiles(
  files: readonly ParsedSource[],
  exists: (path: string) => boolean,
  rooms: readonly Room[] = ROOMS,
): string[] {
  const resolves = (file: ParsedSource, specifier: string): boolean =>
    exists(targetOf(file, specifier)) ||
    OVERLAYS.some(({ over, base }) => covers(over, file.path) && exists(posix.join(base, specifier)));
  return files.flatMap((file) => [
    ...(roomOf(file.path, rooms) === null ? [`${file.path} belongs to no room`] : []),
    ...file.imports
      .filter(({ specifier }) => isRelative(specifier) && !resolves(file, specifier))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}, which does not exist`),
  ]);
}

/** Arrows between rooms: listed, never upward, of types only where the table says so. */
export function forbiddenArrows(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  const objections: string[] = [];
  for (const { file, from, to, specifier, line, typeOnly } of arrows(files, rooms)) {
    const where = `${file.path}:${line} imports ${specifier}`;
    if (to === "free") objections.push(`${where}, which no room may import`);
    else if (to.layer > from.layer) objections.push(`${where}: upward, from ${from.name} to ${to.name}`);
    else if (!from.may.includes(to.name)) objections.push(`${where}: ${from.name} may not import ${to.name}`);
    else if (!typeOnly && TYPES_ONLY.some((rule) => rule.from === from.name && rule.to === to.name))
      objections.push(`${where}: ${from.name} may take only types of ${to.name}`);
  }
  return objections;
}

/** Rooms and packages that the table allows and no file of the room imports. */
export function idleArrows(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  const drawn = new Set<string>();
  for (const { from, to } of arrows(files, rooms)) if (to !== "free") drawn.add(`${from.name} -> ${to.name}`);
  const inhabited = new Set<Room>();
  for (const file of files) {
    const room = roomOf(file.path, rooms);
    if (room === null || room === "free") continue;
    inhabited.add(room);
    for (const { specifier } of file.imports) drawn.add(`${room.name} -> ${packageOf(specifier)}`);
  }
  return [...inhabited]
    .flatMap((room) => [...room.may, ...room.packages].map((target) => `${room.name} -> ${target}`))
    .filter((arrow) => !drawn.has(arrow))
    .map((arrow) => `${arrow} is allowed, but nothing draws it`);
}

/** Circles among files. A circle of types alone counts too: it shows that two files are one concept. */
export function fileCycles(files: readonly ParsedSource[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter(({ specifier }) => isRelative(specifier))
        .map(({ specifier }) => targetOf(file, specifier))
        .filter((path) => paths.has(path)),
    ]),
  );
  return cyclesOf(graph).map((cycle) => `circle of files: ${cycle.join(", ")}`);
}

/** Circles among the rooms as the files draw them, and as the table allows them. */
export function roomCycles(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  const graph = new Map(rooms.map((room) => [room.name, new Set(room.may)]));
  for (const { from, to } of arrows(files, rooms)) if (to !== "free") graph.get(from.name)?.add(to.name);
  return cyclesOf(graph).map((cycle) => `circle of rooms: ${cycle.join(", ")}`);
}

/** Packages and platform modules in rooms that may not have them. */
export function forbiddenPackages(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path, rooms);
    if (room === null || room === "free") return [];
    return file.imports
      .filter(({ specifier }) => !isRelative(specifier) && !room.packages.includes(packageOf(specifier)))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}: not allowed in ${room.name}`);
  });
}

/** Clock, chance and the outside in a pure room. */
export function impurities(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path, rooms);
    const permitted = room === null || room === "free" ? undefined : PURE_ROOMS[room.name];
    if (permitted === undefined) return [];
    return file.uses
      .filter(({ name }) => !permitted.includes(name))
      .map(({ name, line }) => `${file.path}:${line} uses ${name}, which a pure room may not`);
  });
}

/** The global `fetch` outside the files that may call out. */
export function strayFetches(files: readonly ParsedSource[]): string[] {
  return files
    .filter(
      (file) => roomOf(file.path) !== "free" && !FETCH_PATHS.some(({ path }) => covers(path, file.path)),
    )
    .flatMap((file) =>
      file.uses
        .filter(({ name }) => name === "fetch")
        .map(({ line }) => `${file.path}:${line} uses fetch: outbound calls live in src/services`),
    );
}

/** More than one file of an object's room (or of the objects' common room) that touches the platform's alarm. */
export function scatteredAlarms(files: readonly ParsedSource[], rooms: readonly Room[] = ROOMS): string[] {
  const byRoom = new Map<string, Set<string>>();
  for (const file of files) {
    const room = roomOf(file.path, rooms);
    if (room === null || room === "free") continue;
    if (!file.uses.some(({ name }) => name === "setAlarm" || name === "deleteAlarm")) continue;
    byRoom.set(room.name, (byRoom.get(room.name) ?? new Set()).add(file.path));
  }
  return [...byRoom].flatMap(([room, paths]) =>
    paths.size > 1 ? [`${room}: the alarm is set in ${[...paths].sort().join(" and ")}`] : [],
  );
}

interface Arrow {
  file: ParsedSource;
  from: Room;
  to: Room | "free";
  specifier: string;
  line: number;
  typeOnly: boolean;
}

/** Imports that leave their room. */
function arrows(files: readonly ParsedSource[], rooms: readonly Room[]): Arrow[] {
  return files.flatMap((file) => {
    const from = roomOf(file.path, rooms);
    if (from === null || from === "free") return [];
    return file.imports.flatMap((found) => {
      const to = isRelative(found.specifier) ? roomOf(targetOf(file, found.specifier), rooms) : null;
      return to === null || to === from ? [] : [{ file, from, to, ...found }];
    });
  });
}
