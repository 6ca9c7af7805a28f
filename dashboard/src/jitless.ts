/** Imported before any schema: zod must not compile parsers with `new Function`, which the content security policy forbids. */
import { z } from "zod";

z.config({ jitless: true });
