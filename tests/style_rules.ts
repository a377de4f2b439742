/**
 * The rules of style that need a parser, as a lint plugin; `style_test.ts` runs it over the project.
 *
 * @module
 */

/** How many lines a function may have. */
export const functionLinesMax = 70;

type AnyFunction =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** Where a call that is banned elsewhere has its place. */
export interface Permits {
  /** `Date.now()` and `new Date()`: time comes in through a clock, which never jumps. */
  readonly date: boolean;
  /** `console.log()` and its kin: lines go through a logger. */
  readonly console: boolean;
  /** `setImmediate()`: turns of the event loop come in through a clock, too. */
  readonly immediate: boolean;
}

/** The rules, for a file with these permits. */
export function styleRules(permits: Permits): Deno.lint.Plugin {
  return {
    name: "style",
    rules: {
      "function-length": { create: functionLength },
      "banned-calls": { create: (context) => bannedCalls(context, permits) },
    },
  };
}

function functionLength(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const check = (node: AnyFunction) => {
    const lines = context.sourceCode.getText(node).split("\n").length;
    if (lines <= functionLinesMax) return;
    context.report({ node, message: `a function of ${lines} lines: split it, ${functionLinesMax} is the limit` });
  };
  return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
}

function bannedCalls(context: Deno.lint.RuleContext, permits: Permits): Deno.lint.LintVisitor {
  const reportDate = (node: Deno.lint.Node) => {
    if (!permits.date) context.report({ node, message: "the date jumps with the wall clock: take a Clock" });
  };
  return {
    NewExpression(node) {
      if (context.sourceCode.getText(node.callee) === "Date" && node.arguments.length === 0) reportDate(node);
    },
    CallExpression(node) {
      const callee = context.sourceCode.getText(node.callee).replace(/^globalThis\./, "");
      if (callee === "setImmediate" && !permits.immediate) {
        context.report({ node, message: "a turn of the event loop comes from a Clock: setTimer(0, ...)" });
      }
      if (callee === "Date.now") reportDate(node);
      if (callee.startsWith("console.") && !permits.console) {
        context.report({ node, message: `${callee} belongs to cli/ and the log: take a Logger` });
      }
    },
  };
}
