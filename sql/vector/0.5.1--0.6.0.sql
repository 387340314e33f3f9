ALTER TYPE vector SET (STORAGE = external);
