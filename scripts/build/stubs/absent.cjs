// node-fetch looks for this optional package at its start, in every folder up to the root.
throw new Error('this bundle has no other encodings than UTF-8');
