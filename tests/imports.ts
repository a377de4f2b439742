/**
 * Reads what a module imports, by Deno's own parser. Works within `deno test` only.
 *
 * @module
 */

/** One import or re-export of a module. */
export interface Import {
  /** The specifier as written. */
  readonly from: string;
  /** The names taken, without those of types alone; `*` for a whole module. */
  readonly names: readonly string[];
  /** Whether only types are taken. */
  readonly typeOnly: boolean;
  /** Whether it is an `import()`. */
  readonly dynamic: boolean;
}

/** All imports and re-exports of `source`, except `import()` of what is no literal. */
export function readImports(path: string, source: string): Import[] {
  const found: Import[] = [];
  const add = (from: string, names: readonly string[], typeOnly = false, dynamic = false) => {
    found.push({ from, names, typeOnly, dynamic });
  };
  const plugin: Deno.lint.Plugin = {
    name: "imports",
    rules: {
      collect: {
        create: () => ({
          ImportDeclaration: (node) => add(node.source.value, importedNames(node), node.importKind === "type"),
          ExportNamedDeclaration(node) {
            if (node.source) add(node.source.value, exportedNames(node), node.exportKind === "type");
          },
          ExportAllDeclaration: (node) => add(node.source.value, ["*"], node.exportKind === "type"),
          ImportExpression(node) {
            if (node.source.type === "Literal") add(String(node.source.value), ["*"], false, true);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, source);
  return found;
}

function importedNames(node: Deno.lint.ImportDeclaration): string[] {
  if (node.importKind === "type") return [];
  return node.specifiers.flatMap((specifier) => {
    if (specifier.type === "ImportDefaultSpecifier") return ["default"];
    if (specifier.type === "ImportNamespaceSpecifier") return ["*"];
    return specifier.importKind === "type" ? [] : [nameOf(specifier.imported)];
  });
}

function exportedNames(node: Deno.lint.ExportNamedDeclaration): string[] {
  if (node.exportKind === "type") return [];
  return node.specifiers.flatMap((specifier) => specifier.exportKind === "type" ? [] : [nameOf(specifier.local)]);
}

function nameOf(node: Deno.lint.Identifier | Deno.lint.StringLiteral): string {
  return node.type === "Identifier" ? node.name : node.value;
}
