/** A port of 127.0.0.1 that nobody has at this moment: somebody else may take it before its user does. */
import { createServer } from "node:net";

export function freePort(): Promise<number> {
  return new Promise((found, fail) => {
    const server = createServer().once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => found(port));
    });
  });
}
