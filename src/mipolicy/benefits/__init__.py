"""Benefits (待遇): what a patient is paid; one room a rule."""
