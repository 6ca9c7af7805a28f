/** Who is signed in: the bearer token, in memory and in the tab's own storage. It never stays in the address bar. */
import { signal } from "@preact/signals";

const KEY = "vigie.token";

/** Why the sign-in page is shown. */
export type SignedOut =
  | { because: "nobody" }
  | { because: "signed-out" }
  | { because: "refused"; message: string };

type TokenStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export type Session = ReturnType<typeof createSession>;

export function createSession(storage: TokenStorage) {
  const token = signal<string | null>(storage.getItem(KEY));
  const signedOut = signal<SignedOut>({ because: "nobody" });

  function leave(reason: SignedOut): void {
    storage.removeItem(KEY);
    token.value = null;
    signedOut.value = reason;
  }

  return {
    token,
    signedOut,
    signIn(next: string): void {
      storage.setItem(KEY, next);
      token.value = next;
    },
    signOut: () => leave({ because: "signed-out" }),
    /** The API did not accept the token. Without a token there is nothing to refuse. */
    refused(message: string): void {
      if (token.value !== null) leave({ because: "refused", message });
    },
  };
}

/**
 * Takes the token out of `#token=...`.
 * @returns the token, and the path to show instead (`/login` is only ever a way in); null when there is no token.
 */
export function takeToken(location: { hash: string; pathname: string; search: string }): {
  token: string;
  path: string;
} | null {
  const token = new URLSearchParams(location.hash.replace(/^#/, "")).get("token");
  if (token === null || !isTokenShaped(token)) return null;
  const path = location.pathname === "/login" ? "/" : `${location.pathname}${location.search}`;
  return { token, path };
}

/** A JSON Web Token in its compact form (RFC 7519, section 3): three base64url parts. */
export function isTokenShaped(text: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);
}
