import { testExamples } from "../markdown_examples.ts";

const modules = ["ask", "clock", "log", "supervision", "system", "types", "testing/test_system"];

testExamples("actors/README.md", ...modules.map((name) => `actors/${name}.ts`));
