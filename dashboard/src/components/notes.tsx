/** What the figures of a dry run leave out, or cannot tell, as the server says it. */
export function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="alternatives">
      {notes.map((note) => (
        <li key={note} class="untrusted">
          {note}
        </li>
      ))}
    </ul>
  );
}
