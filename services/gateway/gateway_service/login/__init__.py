"""Members sign in: by a code sent to their phone, or by WeChat's mini-program."""
