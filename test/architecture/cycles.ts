/** Cycles of a directed graph. Pure. */

/** Each strongly connected part with more than one node, or with an arrow to itself (Tarjan 1972), nodes sorted. */
export function cyclesOf(graph: ReadonlyMap<string, Iterable<string>>): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];

  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    stack.push(node);
    onStack.add(node);
    let lowest = index;
    for (const next of graph.get(node) ?? []) {
      const reached = order.get(next);
      if (reached === undefined) lowest = Math.min(lowest, visit(next));
      else if (onStack.has(next)) lowest = Math.min(lowest, reached);
    }
    if (lowest === index) {
      const part = stack.splice(stack.lastIndexOf(node));
      for (const member of part) onStack.delete(member);
      if (part.length > 1 || [...(graph.get(node) ?? [])].includes(node)) found.push(part.sort());
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
