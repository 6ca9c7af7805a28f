/** Pure: do two changes of settings set the same? */
type Settings = Readonly<Record<string, string | number | boolean>>;

export function sameSettings(a: Settings, b: Settings): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}
