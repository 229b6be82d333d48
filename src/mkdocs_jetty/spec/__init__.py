"""Read: pages and `.feature` files become a `Spec`."""
