/** A value as indented JSON text. */
export function JsonText({ value }: { value: unknown }) {
  return <code class="json untrusted">{JSON.stringify(value, null, 2)}</code>;
}
