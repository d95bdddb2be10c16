#!/usr/bin/env node
import { keepCompiledCode } from "./compile-cache.ts";

// Only this small file is compiled afresh at each start; everything else is imported below.
keepCompiledCode(process.env);
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
