/** One source file as the rules see it: what it imports, which globals it touches, which strings it holds. Pure. */
import { parseSync } from "vite";

export interface Import {
  specifier: string;
  line: number;
  /** Erased at compile time: nothing of it is left at run time. */
  typeOnly: boolean;
}

/** Use of a global, of a member worth knowing (`Date.now`, `setAlarm`), or of `new Date()` without an argument. */
export interface Use {
  name: string;
  line: number;
}

export interface ParsedSource {
  /** From the root of the repository, with forward slashes. */
  path: string;
  imports: Import[];
  uses: Use[];
  /** Every string literal outside import declarations. */
  strings: ReadonlySet<string>;
}

/** A node of the syntax tree (ESTree with TypeScript), as far as a walk without types needs it. */
interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** Globals that are a door to the outside, to the clock or to chance. */
const WATCHED_GLOBALS = new Set([
  "Bun",
  "Deno",
  "WebSocket",
  "XMLHttpRequest",
  "caches",
  "console",
  "crypto",
  "env",
  "fetch",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

const WATCHED_MEMBERS = new Set(["Date.now", "Math.random"]);
const WATCHED_METHODS = new Set(["setAlarm", "deleteAlarm"]);

/** Parses TypeScript, TSX or plain ECMAScript. Throws when the text does not parse. */
export function parseSource(path: string, text: string): ParsedSource {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`);
  const lineOf = lineCounter(text);
  const imports: Import[] = [];
  const uses: Use[] = [];
  const strings = new Set<string>();

  const visit = (node: Node, parent: Node | null, key: string): void => {
    const line = lineOf(node.start);
    const source = literalOf(node.source);
    switch (node.type) {
      case "ImportDeclaration":
        if (source !== null)
          imports.push({ specifier: source, line, typeOnly: onlyTypes(node, "importKind") });
        break;
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        if (source !== null)
          imports.push({ specifier: source, line, typeOnly: onlyTypes(node, "exportKind") });
        break;
      case "ImportExpression":
        if (source !== null) imports.push({ specifier: source, line, typeOnly: false });
        break;
      case "TSImportType":
        if (source !== null) imports.push({ specifier: source, line, typeOnly: true });
        break;
      case "NewExpression":
        if (nameOf(node.callee) === "Date" && isEmptyList(node.arguments))
          uses.push({ name: "new Date()", line });
        break;
      case "CallExpression":
        if (nameOf(node.callee) === "Date") uses.push({ name: "Date()", line });
        break;
      case "MemberExpression": {
        const property = node.computed === true ? literalOf(node.property) : nameOf(node.property);
        const member = `${nameOf(node.object)}.${property}`;
        if (WATCHED_MEMBERS.has(member)) uses.push({ name: member, line });
        if (property !== null && WATCHED_METHODS.has(property)) uses.push({ name: property, line });
        break;
      }
      case "Identifier": {
        const name = nameOf(node);
        if (name !== null && WATCHED_GLOBALS.has(name) && !isLabel(parent, key)) uses.push({ name, line });
        break;
      }
      default: {
        const value = literalOf(node);
        if (value !== null && key !== "source") strings.add(value);
      }
    }
    for (const [childKey, child] of Object.entries(node)) {
      for (const item of Array.isArray(child) ? child : [child])
        if (isNode(item)) visit(item, node, childKey);
    }
  };
  // The parser's own types are as wide as the language; the walk needs no more than `Node`.
  visit(program as unknown as Node, null, "");
  return { path, imports, uses, strings };
}

function nameOf(value: unknown): string | null {
  return isNode(value) && value.type === "Identifier" && typeof value.name === "string" ? value.name : null;
}

function literalOf(value: unknown): string | null {
  return isNode(value) && value.type === "Literal" && typeof value.value === "string" ? value.value : null;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** `import type …`, and an import whose every name is marked `type`. */
function onlyTypes(node: Node, kind: "importKind" | "exportKind"): boolean {
  if (node[kind] === "type") return true;
  const names = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
  return names.length > 0 && names.every((name) => name[kind] === "type");
}

/** A name that is a key or a property, not a reference to a binding. */
function isLabel(parent: Node | null, key: string): boolean {
  if (parent === null || parent.computed === true) return false;
  switch (parent.type) {
    case "MemberExpression":
      return key === "property";
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return key === "key";
    case "TSQualifiedName":
      return key === "right";
    case "ImportSpecifier":
      return key === "imported";
    case "ExportSpecifier":
      return key === "exported";
    default:
      return false;
  }
}

function lineCounter(text: string): (offset: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) ends.push(at);
  return (offset) => {
    const index = ends.findIndex((end) => end >= offset);
    return (index === -1 ? ends.length : index) + 1;
  };
}
