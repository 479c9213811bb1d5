// Types of the answers, and a manifest of the documents: `npm run generate`.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql", // or where Poche is: "https://…/graphql"
  documents: "*.graphql",
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { mode: "replaceDocumentWithHash", hashAlgorithm: "sha256" },
      },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { OffsetDateTime: "string" },
        defaultScalarType: "unknown",
      },
    },
  },
};

export default config;
