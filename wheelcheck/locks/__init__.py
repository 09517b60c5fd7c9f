"""Lock files as they are: text → ``Lock`` → the packages that apply on a target; resolves nothing and asks no index."""
