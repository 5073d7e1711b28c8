/** The first table after a heading, a record for each row by the names of its columns, in lower case. */
export function markdownTable(text: string, heading: string): Record<string, string>[] {
  const lines = text.split('\n');
  const section = lines.slice(lines.indexOf(heading) + 1);
  const first = section.findIndex((line) => line.startsWith('|'));
  const end = section.findIndex((line, i) => i > first && !line.startsWith('|'));
  const [head = [], , ...rows] = section.slice(first, end < 0 ? undefined : end).map(cellsOf);
  return rows.map((cells) =>
    Object.fromEntries(head.map((name, i) => [name.toLowerCase(), cells[i] ?? ''])),
  );
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}
