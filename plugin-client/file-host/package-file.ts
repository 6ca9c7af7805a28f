/** `plugin.json` of a release, read by hand: the client needs no schema library. */
import type { PackageFile } from "../../src/contract/release.ts";
import * as shape from "../core/shape.ts";
import { isVersion } from "../core/version.ts";

/** Throws `ShapeError` with the field at fault. */
export function parsePackageFile(text: string): PackageFile {
  const from = shape.parseFields(text, "plugin.json", 64 * 1024);
  const { version } = from;
  if (!isVersion(version)) throw new shape.ShapeError("version");
  return {
    product: shape.text(from, "product", 49, /^[a-z][a-z0-9-]{1,48}$/),
    version,
    main: modulePath(from, "main"),
    smoke: modulePath(from, "smoke"),
  };
}

/** A relative path without a way up. */
function modulePath(from: shape.Fields, name: string): string {
  const path = shape.text(from, name, 128, /^[^/\\:][^\\:]*$/);
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    throw new shape.ShapeError(name);
  return path;
}
