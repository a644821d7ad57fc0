"""DeepSeek V4 over its API: catalog, client, stream assembly, repair, throttle, ledger."""
