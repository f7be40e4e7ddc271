"""Everything on disk: tables in and out, output folders, model folders, run manifests."""
