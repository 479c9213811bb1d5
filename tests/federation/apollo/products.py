"""Products: the subgraph that Apollo's compatibility tests ask, with all they know of it.

Its types and values are theirs; our schema has no use for most of these directives.
"""

from typing import Any, Self

import strawberry
from strawberry import ID
from strawberry.federation import Schema
from strawberry.federation import field as federated
from strawberry.federation import type as entity
from strawberry.schema_directive import Location


@strawberry.federation.schema_directive(
    locations=[Location.OBJECT],
    name="custom",
    compose=True,
    import_url="https://myspecs.dev/myCustomDirective/v1.0",
)
class Custom:
    """A directive that the supergraph keeps."""


@entity(extend=True, keys=["email"])
class User:
    email: ID = federated(external=True)
    name: str | None = federated(override="users")
    total_products_created: int | None = federated(external=True)
    years_of_employment: int = federated(external=True)

    @federated(requires=["totalProductsCreated yearsOfEmployment"])
    def average_products_created_per_year(self) -> int | None:
        if self.total_products_created is None:
            return None
        return round(self.total_products_created / self.years_of_employment)

    @classmethod
    def resolve_reference(cls, **known: Any) -> Self:
        return cls(
            email=known["email"],
            name="Jane Smith",
            total_products_created=known.get("totalProductsCreated"),
            years_of_employment=known.get("yearsOfEmployment", 1),
        )


@entity(shareable=True)
class ProductDimension:
    size: str | None = "small"
    weight: float | None = 1
    unit: str | None = federated(inaccessible=True, default="kg")


@strawberry.type
class ProductVariation:
    id: ID


@strawberry.type
class CaseStudy:
    case_number: ID
    description: str | None


@entity(keys=["study { caseNumber }"])
class ProductResearch:
    study: CaseStudy
    outcome: str | None = None

    @classmethod
    def resolve_reference(cls, study: dict[str, str]) -> "ProductResearch | None":
        return RESEARCH.get(study["caseNumber"])


@entity(keys=["sku package"])
class DeprecatedProduct:
    sku: str = "apollo-federation-v1"
    package: str = "@apollo/federation-v1"
    reason: str | None = "Migrate to Federation V2"

    @strawberry.field
    def created_by(self) -> User | None:
        return JANE

    @classmethod
    def resolve_reference(cls, sku: str, package: str) -> Self | None:
        known = cls()
        return known if (sku, package) == (known.sku, known.package) else None


@entity(keys=["id", "sku package", "sku variation { id }"], directives=[Custom()])
class Product:
    id: ID
    sku: str | None
    package: str | None
    variation: ProductVariation | None
    studied: strawberry.Private[str]
    notes: str | None = federated(tags=["internal"], default=None)

    @strawberry.field
    def dimensions(self) -> ProductDimension | None:
        return ProductDimension()

    @federated(provides=["totalProductsCreated"])
    def created_by(self) -> User | None:
        return JANE

    @strawberry.field
    def research(self) -> list[ProductResearch]:
        return [RESEARCH[self.studied]]

    @classmethod
    def resolve_reference(cls, **known: Any) -> "Product | None":
        return next((one for one in PRODUCTS if one.has(**known)), None)

    def has(
        self,
        id: str | None = None,
        sku: str | None = None,
        package: str | None = None,
        variation: dict[str, str] | None = None,
    ) -> bool:
        """Whether this is what one of the keys says."""
        if id is not None:
            return id == self.id
        if variation is not None:
            return self.variation == ProductVariation(**variation) and sku == self.sku
        return (sku, package) == (self.sku, self.package)


@strawberry.federation.interface_object(keys=["id"])
class Inventory:
    id: ID

    @strawberry.field
    def deprecated_products(self) -> list[DeprecatedProduct]:
        return [DeprecatedProduct()]

    @classmethod
    def resolve_reference(cls, id: ID) -> Self:
        return cls(id=id)


JANE = User(
    email=ID("support@apollographql.com"),
    name="Jane Smith",
    total_products_created=1337,
    years_of_employment=10,
)
RESEARCH = {
    number: ProductResearch(study=CaseStudy(case_number=ID(number), description=about))
    for number, about in (("1234", "Federation Study"), ("1235", "Studio Study"))
}
PRODUCTS = [
    Product(
        id=ID("apollo-federation"),
        sku="federation",
        package="@apollo/federation",
        variation=ProductVariation(id=ID("OSS")),
        studied="1234",
    ),
    Product(
        id=ID("apollo-studio"),
        sku="studio",
        package="",
        variation=ProductVariation(id=ID("platform")),
        studied="1235",
    ),
]


@strawberry.type
class Query:
    @strawberry.field
    def product(self, id: ID) -> Product | None:
        return Product.resolve_reference(id=id)

    @strawberry.field(deprecation_reason="Use product query instead")
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        return DeprecatedProduct.resolve_reference(sku, package)


schema = Schema(query=Query, types=[Inventory, User], federation_version="2.3")
