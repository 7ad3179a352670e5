"""What the assistant knows of training, machines, classes, food and the club: our own articles, and how one is found.

One file per article in `articles_fr/`, with a title, a kind and keywords before its text. To add one, add a file; a
question that should find it goes into `tests/unit/voice_gateway/knowledge/test_recall.py`.
"""
