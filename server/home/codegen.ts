// Types and persisted documents, out of the published schema: `npm run generate`.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: "documents/*.graphql",
  generates: {
    "generated/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        // Texts stay out of the script: a document is its digest, which the server knows.
        persistedDocuments: { mode: "replaceDocumentWithHash", hashAlgorithm: "sha256" },
      },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: {
          OffsetDateTime: "string",
          LocalDate: "string",
          LocalTime: "string",
          Duration: "string",
        },
        defaultScalarType: "unknown",
      },
    },
  },
  hooks: {
    // Texts of fragments stay out, too: what no module uses may be left away.
    beforeOneFileWrite: (_: string, content: string) =>
      content.replaceAll("FragmentDoc = new", "FragmentDoc = /*#__PURE__*/ new"),
  },
};

export default config;
