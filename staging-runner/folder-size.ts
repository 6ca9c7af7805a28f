/** Bytes of the files below a folder; stops counting beyond `enough`. Files may vanish while it looks. */
export async function folderSize(folder: string, enough: number): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) bytes += await folderSize(path, enough - bytes);
      else bytes += (await Deno.lstat(path)).size;
      if (bytes > enough) break;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}
