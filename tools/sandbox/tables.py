"""What is taken for a secret, or for a way out of the sandbox: names, places, variables."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SECRET_WORDS = frozenset(
    _words(
        "KEY KEYS TOKEN TOKENS SECRET SECRETS PASSWORD PASSWORDS PASSWD PASS PASSPHRASE PWD CREDENTIAL "
        "CREDENTIALS CREDS AUTH AUTHORIZATION OAUTH COOKIE COOKIES PAT PRIVATE DSN JWT BEARER SIGNATURE APIKEY "
        "ACCESSKEY SECRETKEY"
    )
)
"""A name with one of these words, parted by underscores, dots, hyphens or capitals, is taken for a secret."""

SECRET_PREFIXES = _words(
    "AWS_ AZURE_ GOOGLE_ GCLOUD_ CLOUDSDK_ OPENAI_ ANTHROPIC_ DEEPSEEK_ LEADLINE_ GEMINI_ MISTRAL_ GROQ_ "
    "OPENROUTER_ VAULT_ SSH_ GPG_ GNUPG DOCKER_ KUBE OP_SESSION BW_SESSION DBUS_ ACTIONS_ID_ ACTIONS_RUNTIME_ "
    "LESSOPEN LESSCLOSE BASH_FUNC_ GIT_ PIP_CONFIG SUDO_ TWINE_"
)
"""Services' settings, agents that sign or log in, and variables that make programs run something else."""

UNWANTED = frozenset(
    _words(
        "XDG_RUNTIME_DIR XAUTHORITY DISPLAY WAYLAND_DISPLAY ICEAUTHORITY TMUX TMUX_PANE STY NETRC PGPASSFILE "
        "KRB5CCNAME BASH_ENV ENV PROMPT_COMMAND OLDPWD PWD SHLVL _ INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET "
        "WSL_INTEROP VSCODE_IPC_HOOK VSCODE_IPC_HOOK_CLI GITHUB_ENV GITHUB_PATH GITHUB_OUTPUT GITHUB_STATE "
        "GITHUB_STEP_SUMMARY FORCE_COLOR CLICOLOR CLICOLOR_FORCE COLORTERM LS_COLORS PY_COLORS "
        "NPM_CONFIG_USERCONFIG NPM_CONFIG_GLOBALCONFIG TEMP TMP TEMPDIR"
    )
)
"""Ways to a desktop, a terminal or a later CI step; shell start files; colour; what is set anew below."""

NEVER_SECRET = frozenset(
    _words(
        "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ LD_LIBRARY_PATH PKG_CONFIG_PATH MANPATH PYTHONPATH "
        "NODE_PATH VIRTUAL_ENV CONDA_PREFIX CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN GOPATH GOROOT GOFLAGS "
        "GOMODCACHE JAVA_HOME MAVEN_HOME GRADLE_HOME NVM_DIR NODE_OPTIONS NODE_ENV PYENV_ROOT NIX_PATH CC CXX "
        "CFLAGS CXXFLAGS LDFLAGS"
    )
)
"""Builds need these; their values are paths and flags, which the test for long words would often take for keys."""

SECRETS_AT_HOME = _words(
    ".ssh .aws .azure .gnupg .netrc .git-credentials .config/git/credentials .config/gh .config/hub "
    ".config/glab-cli .config/github-copilot .config/gcloud .config/op .config/rclone .config/doctl .docker "
    ".1password .colima .orbstack .lima .kube .terraform.d .databrickscfg .npmrc .yarnrc .yarnrc.yml .pypirc "
    ".gem/credentials .cargo/credentials .cargo/credentials.toml .m2/settings.xml .m2/settings-security.xml "
    ".gradle/gradle.properties .composer/auth.json .config/composer/auth.json .pgpass .my.cnf .mylogin.cnf "
    ".s3cfg .boto .vault-token .password-store .local/share/keyrings .huggingface/token "
    ".cache/huggingface/token .claude .codex .gemini .mozilla .thunderbird .config/google-chrome "
    ".config/chromium .config/BraveSoftware .bash_history .zsh_history .python_history .node_repl_history "
    ".psql_history .mysql_history .sqlite_history .rediscli_history .irb_history .viminfo .lesshst "
    ".local/share/fish/fish_history .config/nushell Library/Keychains "
    ".Xauthority .ICEauthority .config/pip .pip .config/pypoetry/auth.toml .local/share/uv/credentials .condarc "
    ".config/containers/auth.json .config/sops .config/age .config/hcloud .config/scw .fly .config/heroku "
    ".local/share/heroku .config/configstore .config/stripe .config/netlify .config/.wrangler .oci .aliyun .bluemix "
    ".snowflake .dbt .kaggle .curlrc .wgetrc .subversion/auth .smbcredentials .putty .pki .local/share/kwalletd "
    ".config/microsoft-edge .config/vivaldi .config/opera .var/app .config/opencode .local/share/opencode .deepseek "
    ".qwen .kimi .config/goose .local/share/goose .config/crush .local/share/crush"
)
"""Below the home folder, hidden where it exists: keys, logins, browsers' and agents' data, shells' histories."""

SECRETS_BY_VARIABLE = _words(
    "AWS_SHARED_CREDENTIALS_FILE AWS_CONFIG_FILE GOOGLE_APPLICATION_CREDENTIALS KUBECONFIG DOCKER_CONFIG "
    "NETRC GNUPGHOME PGPASSFILE NPM_CONFIG_USERCONFIG XDG_RUNTIME_DIR AZURE_CONFIG_DIR CLOUDSDK_CONFIG"
)
"""Variables that name such a place elsewhere; several at once may be parted by colons."""

SECRETS_OF_THE_SYSTEM = _words("/etc/shadow /etc/gshadow /run /var/run")
"""/run also holds the sockets of services that would run a command for anyone who asks (docker, systemd, D-Bus)."""

NEEDED_IN_RUN = _words(
    "/run/current-system /run/opengl-driver /run/systemd/resolve /run/resolvconf"
)
"""Programs and name resolution; no sockets that take commands."""
