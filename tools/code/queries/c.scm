; The rest is in cfamily.scm.
