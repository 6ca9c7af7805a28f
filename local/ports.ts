/** TCP ports on 127.0.0.1. */
import { createServer } from "node:net";
import { CommandError } from "./command-error.ts";

/**
 * Finds the port to listen on: `wanted`, or a free one for 0.
 * @throws CommandError that names the port when it is taken.
 */
export function claimPort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, wanted)));
    server.listen({ host: "127.0.0.1", port: wanted, exclusive: true }, () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === "EADDRINUSE") return portTaken(port);
  if (error.code === "EACCES")
    return new CommandError(`port ${port} needs rights that this user has not: PORT=8113 npm start`);
  return error;
}

export function portTaken(port: number): CommandError {
  const other = port < 65_535 ? port + 1 : port - 1;
  return new CommandError(
    `port ${port} is taken by another program. Stop it, or choose another port: PORT=${other} npm start`,
  );
}

/** Reads PORT. @throws CommandError when it is no port number. */
export function portFromEnv(value: string | undefined, fallback: number): number {
  if (value === undefined || value === "") return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new CommandError(`PORT=${value} is not a port number`);
  return port;
}
