"""How a contact answers: the parts of an answer, its rules, and answering in chat."""
